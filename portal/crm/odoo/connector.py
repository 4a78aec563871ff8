"""Odoo behind the connector protocol: partners, found by a field and made by an external id.

`load` (https://www.odoo.com/documentation/19.0/developer/reference/backend/orm.html, as its own import uses it) makes
records by an external id in column `id`, so that no contact is made twice, and changes them by their number in column
`.id`; it takes texts, does all rows or none, and says which of them were wrong. The choices of a many2many are numbers,
in a column `<field>/.id`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.crm.answers import CallFailed
from portal.crm.browsing import Tie, existing, tied
from portal.crm.comparing import Comparing, Contact, Story, Untold, Wish
from portal.crm.inventory import Existing, Link, Needed, RemoteField
from portal.crm.mapping import CrmMap, Dialect
from portal.crm.odoo.api import FINGERPRINT, ID, PARTNER, SEQ, external_id, field, for_load, whose_external_id
from portal.crm.odoo.feed import feed
from portal.crm.odoo.load import load
from portal.crm.odoo.messages import write_messages
from portal.crm.odoo.rpc import Rpc, unclear
from portal.crm.port import Applied, Caps, Conflict, Cursor, Forged, Hint, Outcome, Ref, Reject, Retry
from portal.crm.said import Own
from portal.crm.setup import Setup

DIALECT = Dialect(empty=False, booleans_can_be_empty=False)
MOST = 100
ENGLISH = {"lang": "en_US"}
EVERY = {"active_test": False, **ENGLISH}
"""Archived contacts are contacts too; and what is read is not translated."""


class Odoo(Comparing):
    """Partners of one database."""

    def __init__(self, setup: Setup, rpc: Rpc) -> None:
        super().__init__(setup, rpc.http, CrmMap(setup.catalogue, setup.name, DIALECT))
        self.caps = Caps(
            batch_max=setup.batch(MOST),
            upsert_by_external_id=True,
            conditional=False,
            feed=True,
            echo_tag=True,
            max_execution_seconds=120,
            poll_seconds=30.0,
        )
        self._rpc = rpc
        own = [ID, SEQ, FINGERPRINT, "name", *([setup.settings.number_field] if setup.settings.number_field else [])]
        self._fields = list(dict.fromkeys([*own, *self._map.names()]))
        self.feed = feed(rpc, self._fields, EVERY)

    async def changes(self, cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        """Who was edited by others, by write_date."""
        found, later = await self.feed.read(cursor)
        contacts = [_contact(row) for row in found]
        return [Ref(one.remote_id, one.customer_id) for one in contacts if not self._is_echo(one)], later

    def verify(self, _headers: Mapping[str, str], _raw: bytes, _url: str, _now: datetime) -> Sequence[Hint]:
        """What Odoo's automation rules send bears no signature."""
        raise Forged("Odoo signs no webhooks")

    async def erase(self, ref: Ref) -> None:
        """Delete a partner with its messages. Odoo refuses that for one with invoices or a user: then this says so."""
        for contact in await self._ours(ref):
            await self._rpc.call(PARTNER, "unlink", ids=[int(contact.remote_id)], writes=True)

    async def browse(self, cursor: Cursor | None, size: int) -> tuple[Sequence[Existing], Cursor | None]:
        """All partners that are people, by their numbers."""
        domain = [["id", ">", int(cursor or 0)], ["is_company", "=", False]]
        page = await self._rpc.call(
            PARTNER, "search_read", domain=domain, fields=self._fields, order="id", limit=size, context=EVERY
        )
        found = [_contact(row) for row in rows(page)]
        number = self._setup.settings.number_field
        contacts = [existing(one, self._remote(one), self._map, number, "name") for one in found]
        return contacts, found[-1].remote_id if len(found) == size else None

    async def link(self, links: Sequence[Link]) -> Sequence[Outcome]:
        """Tie partners to customers."""
        return await tied(self._setup, self._tie, links)

    async def describe(self) -> Sequence[RemoteField]:
        """The fields of partners."""
        attributes = ["type", "readonly", "store", "selection"]
        found = await self._rpc.call(PARTNER, "fields_get", attributes=attributes)
        if not isinstance(found, dict):
            raise unclear(None, writes=False)
        return [field(name, one) for name, one in found.items() if isinstance(one, dict)]

    def needed(self) -> Sequence[Needed]:
        """What the portal keeps with partners."""
        number = self._setup.settings.number_field
        return [Needed(name) for name in (ID, SEQ, FINGERPRINT, *([number] if number else []))]

    async def _read(self, customers: Sequence[UUID]) -> Sequence[Contact]:
        return [_contact(row) for row in await self._where(ID, [str(one) for one in customers])]

    async def _read_contacts(self, remote_ids: Sequence[str]) -> Sequence[Contact]:
        ids = [int(one) for one in remote_ids if one.isdecimal()]
        return [_contact(row) for row in await self._where("id", ids)]

    async def _read_gone(self, refs: Sequence[Ref]) -> Sequence[Contact]:
        """Where partners are merged, Odoo hands the external id on: it leads to the one that is left."""
        moved = await self._by_external_id([ref.customer_id for ref in refs if ref.customer_id])
        old = {moved[r.customer_id]: r.remote_id for r in refs if r.customer_id in moved and r.remote_id}
        left = await self._where("id", list(old)) if old else []
        found = [_contact(row, old[int(row["id"])]) for row in left]
        still = [r.remote_id for r in refs if r.remote_id and r.customer_id not in moved]
        return [*found, *(await self._read_contacts(still) if still else [])]

    async def _with_number(self, field: str, numbers: Sequence[str]) -> Mapping[str, UUID | None]:
        return {str(row.get(field)): _contact(row).customer_id for row in await self._where(field, list(numbers))}

    async def _where(self, name: str, values: Sequence[str | int]) -> list[Mapping[str, Any]]:
        if not values:
            return []
        domain = [[name, "in", list(values)]]
        return rows(await self._rpc.call(PARTNER, "search_read", domain=domain, fields=self._fields, context=EVERY))

    async def _by_external_id(self, customers: Sequence[UUID]) -> dict[UUID, int]:
        """Which partner the external id of a customer leads to."""
        domain = whose_external_id(customers)
        found = rows(await self._rpc.call("ir.model.data", "search_read", domain=domain, fields=["name", "res_id"]))
        pairs = {str(row["name"]): int(row["res_id"]) for row in found}
        return {one: pairs[name] for one in customers if (name := external_id(one).partition(".")[2]) in pairs}

    async def _write(self, wishes: Sequence[Wish]) -> Sequence[Outcome]:
        """An external id that leads to a partner who is not the customer's was handed on by a merge: never written."""
        fresh = [wish.desired.customer_id for wish in wishes if wish.there is None]
        moved = await self._moved(fresh) if fresh else {}
        outcomes: dict[int, Outcome] = {
            place: Conflict() for place, wish in enumerate(wishes) if wish.desired.customer_id in moved
        }
        left = {place: wish for place, wish in enumerate(wishes) if place not in outcomes}
        for made in (True, False):
            some = {place: wish for place, wish in left.items() if (wish.there is None) is made}
            for _attempt in range(2):  # once more without those that were wrong
                outcomes |= await self._load({place: wish for place, wish in some.items() if place not in outcomes})
        missing = Retry(Own.FOR_ANOTHERS_SAKE)
        return [outcomes.get(place, missing) for place in range(len(wishes))]

    async def _moved(self, customers: Sequence[UUID]) -> dict[UUID, int]:
        try:
            return await self._by_external_id(customers)
        except CallFailed as failure:  # nothing was written yet
            raise CallFailed(Retry(failure.outcome.why), failure.answer) from None

    async def _load(self, wishes: Mapping[int, Wish]) -> dict[int, Outcome]:
        if not wishes:
            return {}
        places, some = list(wishes), list(wishes.values())
        table = [for_load(wish, self._map, self._setup.settings.number_field) for wish in some]
        ids, wrong = await load(self._rpc, PARTNER, table, ENGLISH)
        done = zip(places, ids, some, strict=True) if ids else ()
        loaded = {place: Applied(str(id), wish.fingerprint, wish.desired.seq) for place, id, wish in done}
        return {**loaded, **{places[number]: Reject(why) for number, why in wrong.items()}}

    async def _tell(self, stories: Sequence[Story]) -> Untold:
        return await write_messages(self._rpc, stories)

    async def _tie(self, ties: Sequence[Tie]) -> Sequence[Outcome]:
        table = [
            {".id": tie.remote_id, ID: str(tie.customer_id), SEQ: str(tie.seq), FINGERPRINT: tie.fingerprint}
            for tie in ties
        ]
        _ids, wrong = await load(self._rpc, PARTNER, table, ENGLISH)
        return [Reject(next(iter(wrong.values())), whole=True)] * len(ties) if wrong else [tie.done for tie in ties]


def rows(found: Any) -> list[Mapping[str, Any]]:
    """What a search found.

    Raises:
        CallFailed: the answer is none.
    """
    if not isinstance(found, list):
        raise unclear(None, writes=False)
    return [row for row in found if isinstance(row, dict) and "id" in row]


def _contact(row: Mapping[str, Any], merged: str | None = None) -> Contact:
    return Contact.of(row["id"], row, (ID, SEQ, FINGERPRINT), [merged])
