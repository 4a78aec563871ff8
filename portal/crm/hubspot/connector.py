"""HubSpot behind the connector protocol.

https://developers.hubspot.com/docs/api-reference/legacy/crm/objects/contacts: batch/read and batch/upsert by a unique
property, 100 inputs; results come in no promised order, so they are matched by that property.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.crm.answers import Answer, CallFailed
from portal.crm.browsing import Tie, existing, tied
from portal.crm.comparing import Comparing, Contact, Story, Untold, Wish
from portal.crm.http import Http
from portal.crm.hubspot.api import (
    DIALECT,
    MOST,
    VENDOR,
    failures,
    field,
    next_page,
    properties,
    read_rows,
    written_rows,
)
from portal.crm.hubspot.feed import feed
from portal.crm.hubspot.notes import ENTRY, write_notes
from portal.crm.hubspot.webhooks import hints, verified
from portal.crm.inventory import Existing, Link, Needed, RemoteField
from portal.crm.mapping import CrmMap
from portal.crm.port import Ambiguous, Applied, Caps, Cursor, Forged, Hint, Outcome, Rate, Ref, Reject, Retry
from portal.crm.said import Own
from portal.crm.setup import Setup

CONTACTS = "/crm/v3/objects/contacts"
ID, SEQ, FINGERPRINT = "portal_id", "portal_seq", "portal_fingerprint"
MERGED = "hs_merged_object_ids"
NAMES = ("firstname", "lastname")


class HubSpot(Comparing):
    """Contacts of one HubSpot account, reached by a private app's access token."""

    def __init__(self, setup: Setup) -> None:
        token = setup.secret("token")

        async def login(_fresh: bool) -> Mapping[str, str]:
            return {"authorization": f"Bearer {token}"}

        super().__init__(setup, Http(setup, VENDOR, login), CrmMap(setup.catalogue, setup.name, DIALECT))
        self.caps = Caps(
            batch_max=setup.batch(MOST),
            upsert_by_external_id=True,
            conditional=False,
            feed=True,
            echo_tag=True,
            max_execution_seconds=60,
            rate=Rate(100, 10.0),  # of the smallest plan; larger ones say so in their headers
            poll_seconds=15.0,
        )
        self._secret = setup.secret("webhook_secret")
        own = [ID, SEQ, FINGERPRINT, MERGED, *([setup.settings.number_field] if setup.settings.number_field else [])]
        self._properties = list(dict.fromkeys([*own, *self._map.names()]))
        self.feed = feed(self._http, self._properties, ID)

    async def changes(self, cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        """Who was edited by others, from the search for what was modified last."""
        found, later = await self.feed.read(cursor)
        contacts = [_contact(row) for row in found]
        return [Ref(one.remote_id, one.customer_id) for one in contacts if not self._is_echo(one)], later

    def verify(self, headers: Mapping[str, str], raw: bytes, url: str, now: datetime) -> Sequence[Hint]:
        """Whom the events of a delivery are about."""
        if not self._secret:
            raise Forged("no secret is set for this CRM's webhooks")
        verified(self._secret, headers, raw, url, now)
        return hints(raw)

    async def erase(self, ref: Ref) -> None:
        """Delete a contact for good with all that is associated with it (HubSpot's GDPR deletion)."""
        for contact in await self._ours(ref):
            try:
                await self._http.write("POST", f"{CONTACTS}/gdpr-delete", body={"objectId": contact.remote_id})
            except CallFailed as failure:
                if failure.answer is None or failure.answer.status != 404:
                    raise

    async def browse(self, cursor: Cursor | None, size: int) -> tuple[Sequence[Existing], Cursor | None]:
        """All contacts, page by page."""
        names = ",".join([*self._properties, *NAMES])
        params = {"limit": str(min(size, MOST)), "properties": names} | ({"after": cursor} if cursor else {})
        answer = await self._http.read("GET", CONTACTS, params=params)
        found = [_contact(row) for row in read_rows(answer)]
        number = self._setup.settings.number_field
        return [existing(one, self._remote(one), self._map, number, *NAMES) for one in found], next_page(answer)

    async def link(self, links: Sequence[Link]) -> Sequence[Outcome]:
        """Tie contacts to customers. HubSpot refuses one if another contact is theirs."""
        return await tied(self._setup, self._tie, links)

    async def describe(self) -> Sequence[RemoteField]:
        """The properties of contacts, and those of notes with `notes.` before them."""
        contacts = await self._http.read("GET", "/crm/v3/properties/contacts")
        notes = await self._http.read("GET", "/crm/v3/properties/notes")
        return [*map(field, _definitions(contacts)), *(field(one, "notes.") for one in _definitions(notes))]

    def needed(self) -> Sequence[Needed]:
        """What the portal keeps with contacts and notes."""
        number = self._setup.settings.number_field
        own = [Needed(ID, unique=True), Needed(SEQ), Needed(FINGERPRINT), Needed(f"notes.{ENTRY}", unique=True)]
        return [*own, *([Needed(number, unique=True)] if number else [])]

    async def _read(self, customers: Sequence[UUID]) -> Sequence[Contact]:
        return [_contact(row) for row in await self._batch_read([str(one) for one in customers], ID)]

    async def _read_contacts(self, remote_ids: Sequence[str]) -> Sequence[Contact]:
        return [_contact(row) for row in await self._batch_read([one for one in remote_ids if one], None)]

    async def _with_number(self, field: str, numbers: Sequence[str]) -> Mapping[str, UUID | None]:
        found = await self._batch_read(list(dict.fromkeys(numbers)), field)
        return {str(properties(row).get(field)): _contact(row).customer_id for row in found}

    async def _batch_read(self, ids: Sequence[str], id_property: str | None) -> list[Mapping[str, Any]]:
        """Those that are there. What is not is told as an error of its own, which is none to us."""
        if not ids:
            return []
        body: dict[str, Any] = {"properties": self._properties, "propertiesWithHistory": []}
        body |= {"inputs": [{"id": id} for id in ids]} | ({"idProperty": id_property} if id_property else {})
        return read_rows(await self._http.read("POST", f"{CONTACTS}/batch/read", body=body))

    async def _write(self, wishes: Sequence[Wish]) -> Sequence[Outcome]:
        inputs = [_input(wish) for wish in wishes]
        answer = await self._http.write("POST", f"{CONTACTS}/batch/upsert", body={"inputs": inputs})
        there = {properties(row).get(ID): str(row["id"]) for row in written_rows(answer)}
        refused = failures(answer.body)
        return [_outcome(wish, there, refused) for wish in wishes]

    async def _tell(self, stories: Sequence[Story]) -> Untold:
        return await write_notes(self._http, stories)

    async def _tie(self, ties: Sequence[Tie]) -> Sequence[Outcome]:
        inputs = [{"id": tie.remote_id, "objectWriteTraceId": tie.remote_id, "properties": _own(tie)} for tie in ties]
        answer = await self._http.write("POST", f"{CONTACTS}/batch/update", body={"inputs": inputs})
        there, refused = {str(row["id"]) for row in written_rows(answer)}, failures(answer.body)
        return [
            tie.done if tie.remote_id in there else Reject(refused.get(tie.remote_id, Own.NO_SUCH_CONTACT))
            for tie in ties
        ]


def _own(tie: Tie) -> dict[str, str]:
    return {ID: str(tie.customer_id), SEQ: str(tie.seq), FINGERPRINT: tie.fingerprint}


def _input(wish: Wish) -> dict[str, Any]:
    id = str(wish.desired.customer_id)
    own = {ID: id, SEQ: str(wish.desired.seq), FINGERPRINT: wish.fingerprint}
    return {"id": id, "idProperty": ID, "properties": {**wish.fields, **own}, "objectWriteTraceId": id}


def _outcome(wish: Wish, there: Mapping[Any, str], refused: Mapping[str, str]) -> Applied | Reject | Ambiguous:
    id = str(wish.desired.customer_id)
    if id in there:
        return Applied(there[id], wish.fingerprint, wish.desired.seq)
    return Reject(refused[id]) if id in refused else Ambiguous(Own.WHAT_BECAME_OF_IT)


def _contact(row: Mapping[str, Any]) -> Contact:
    raw = properties(row)
    return Contact.of(row["id"], raw, (ID, SEQ, FINGERPRINT), str(raw.get(MERGED) or "").split(";"))


def _definitions(answer: Answer) -> list[Mapping[str, Any]]:
    found = answer.body.get("results") if isinstance(answer.body, dict) else None
    if not isinstance(found, list):
        raise CallFailed(Retry(Own.NO_PROPERTIES), answer)
    return [one for one in found if isinstance(one, dict)]
