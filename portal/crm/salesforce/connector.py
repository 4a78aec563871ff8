"""Salesforce behind the connector protocol.

- upsert, 200 records, results in order, 200 OK even if every row failed:
  https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-upsert.html
- update by Salesforce's own ids, 200 records:
  https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-update.html
- query and queryAll (which also finds what was deleted or merged away):
  https://developer.salesforce.com/docs/platform/api-rest/guide/resources-query.html, .../resources-queryall.html
- timeline: completed tasks, upserted by an external id of their own.
- deleting: https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-delete.html
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.crm.answers import Answer, CallFailed
from portal.crm.browsing import Tie, existing, tied
from portal.crm.comparing import Comparing, Contact, Story, Untold, Wish
from portal.crm.inventory import Existing, Link, Needed, RemoteField
from portal.crm.mapping import CrmMap
from portal.crm.port import Ambiguous, Applied, Caps, Cursor, Forged, Hint, Outcome, Rate, Ref, Reject, Retry
from portal.crm.said import Own
from portal.crm.salesforce.api import DATA, DIALECT, FIELD_NAME, MOST, RECORD_ID, field, quoted, row_failure
from portal.crm.salesforce.feed import FIRST_ID, Feed
from portal.crm.salesforce.login import logged_in
from portal.crm.salesforce.tasks import ENTRY, erase_tasks, write_tasks
from portal.crm.setup import Setup

ID, SEQ, FINGERPRINT = "Portal_Id__c", "Portal_Seq__c", "Portal_Fingerprint__c"
NAMES = ("FirstName", "LastName")
COLLECTION = f"{DATA}/composite/sobjects"
CLIENT = {"sforce-call-options": "client=CustomerProfilePortal"}


class Salesforce(Comparing):
    """Contacts of one organisation, reached as an app of its own."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup, logged_in(setup), CrmMap(setup.catalogue, setup.name, DIALECT))
        self.caps = Caps(
            batch_max=setup.batch(MOST),
            upsert_by_external_id=True,
            conditional=False,
            feed=True,
            echo_tag=True,
            max_execution_seconds=600,  # the longest a transaction of theirs may take
            rate=Rate(100_000, 24 * 3600.0),
            poll_seconds=60.0,
        )
        own = ["Id", ID, SEQ, FINGERPRINT, *([setup.settings.number_field] if setup.settings.number_field else [])]
        self._fields = list(dict.fromkeys([*own, *self._map.names()]))
        if wrong := [name for name in self._fields if not FIELD_NAME.fullmatch(name)]:
            raise setup.mistake("kind", f"{wrong[0]!r}, which settings or catalogue name, is no field in Salesforce")
        self.feed = Feed(self._http, self._fields, ID)

    async def changes(self, cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        """Who was edited by others, deleted or merged away, by when they were modified."""
        found, later = await self.feed.read(cursor)
        contacts = [(row, _contact(row)) for row in found]
        told = [one for row, one in contacts if row.get("IsDeleted") is True or not self._is_echo(one)]
        return [Ref(one.remote_id, one.customer_id) for one in told], later

    def verify(self, _headers: Mapping[str, str], _raw: bytes, _url: str, _now: datetime) -> Sequence[Hint]:
        """Salesforce sends no webhooks of its own."""
        raise Forged("Salesforce sends no webhooks")

    async def erase(self, ref: Ref) -> None:
        """Delete a contact and what the portal wrote to its timeline. Salesforce keeps both in its recycle bin for 15
        days."""
        for contact in await self._ours(ref):
            await erase_tasks(self._http, contact.remote_id)
            try:
                await self._http.write("DELETE", f"{DATA}/sobjects/Contact/{contact.remote_id}")
            except CallFailed as failure:
                if failure.answer is None or failure.answer.status != 404:
                    raise

    async def browse(self, cursor: Cursor | None, size: int) -> tuple[Sequence[Existing], Cursor | None]:
        """All contacts, by their ids."""
        after = cursor if cursor and RECORD_ID.fullmatch(cursor) else FIRST_ID
        names = ", ".join(dict.fromkeys([*self._fields, *NAMES]))
        query = f"SELECT {names} FROM Contact WHERE Id > {quoted([after])} ORDER BY Id LIMIT {int(size)}"  # noqa: S608
        found = [_contact(row) for row in records(await self._http.read("GET", f"{DATA}/query", params={"q": query}))]
        number = self._setup.settings.number_field
        contacts = [existing(one, self._remote(one), self._map, number, *NAMES) for one in found]
        return contacts, found[-1].remote_id if len(found) == size else None

    async def link(self, links: Sequence[Link]) -> Sequence[Outcome]:
        """Tie contacts to customers. Salesforce refuses one if another contact is theirs."""
        return await tied(self._setup, self._tie, links)

    async def describe(self) -> Sequence[RemoteField]:
        """The fields of contacts, and those of tasks with `Task.` before them."""
        contacts = await self._http.read("GET", f"{DATA}/sobjects/Contact/describe")
        tasks = await self._http.read("GET", f"{DATA}/sobjects/Task/describe")
        return [*map(field, _described(contacts)), *(field(one, "Task.") for one in _described(tasks))]

    def needed(self) -> Sequence[Needed]:
        """What the portal keeps with contacts and tasks."""
        number = self._setup.settings.number_field
        own = [Needed(ID, unique=True), Needed(SEQ), Needed(FINGERPRINT), Needed(f"Task.{ENTRY}", unique=True)]
        return [*own, *([Needed(number)] if number else [])]

    async def _read(self, customers: Sequence[UUID]) -> Sequence[Contact]:
        return [_contact(row) for row in await self._where(ID, [str(one) for one in customers])]

    async def _read_contacts(self, remote_ids: Sequence[str]) -> Sequence[Contact]:
        """Those that are there; for one that was merged away, the one that it was merged into."""
        ids = [one for one in remote_ids if RECORD_ID.fullmatch(one)]
        rows = await self._where("Id", ids, deleted=True)
        masters = {str(row["MasterRecordId"]): str(row["Id"]) for row in rows if row.get("MasterRecordId")}
        rows = [row for row in rows if not row.get("IsDeleted")]
        rows += await self._where("Id", list(masters)) if masters else []
        return [_contact(row, masters.get(str(row["Id"]))) for row in rows]

    async def _with_number(self, field: str, numbers: Sequence[str]) -> Mapping[str, UUID | None]:
        return {str(row.get(field)): _contact(row).customer_id for row in await self._where(field, numbers)}

    async def _where(self, name: str, values: Sequence[str], *, deleted: bool = False) -> list[Mapping[str, Any]]:
        if not values:
            return []
        more = ["IsDeleted", "MasterRecordId"] if deleted else []
        query = f"SELECT {', '.join([*self._fields, *more])} FROM Contact WHERE {name} IN ({quoted(values)})"  # noqa: S608
        answer = await self._http.read("GET", f"{DATA}/{'queryAll' if deleted else 'query'}", params={"q": query})
        return records(answer)

    async def _write(self, wishes: Sequence[Wish]) -> Sequence[Outcome]:
        rows = await self._patch(f"{COLLECTION}/Contact/{ID}", [_record(wish) for wish in wishes])
        return [_outcome(wish, row) for wish, row in zip(wishes, rows, strict=True)]

    async def _tie(self, ties: Sequence[Tie]) -> Sequence[Outcome]:
        rows = await self._patch(COLLECTION, [_tied(tie) for tie in ties])
        return [
            tie.done if row.get("success") is True else row_failure(row) for tie, row in zip(ties, rows, strict=True)
        ]

    async def _patch(self, path: str, records: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """What became of each record of a collection, in order."""
        body = {"allOrNone": False, "records": records}
        answer = await self._http.write("PATCH", path, body=body, headers=CLIENT)
        rows = answer.body
        if not isinstance(rows, list) or len(rows) != len(records) or not all(isinstance(row, dict) for row in rows):
            raise CallFailed(Ambiguous(Own.WHAT_BECAME_OF_EACH), answer)
        return rows

    async def _tell(self, stories: Sequence[Story]) -> Untold:
        return await write_tasks(self._http, stories)


def records(answer: Answer) -> list[Mapping[str, Any]]:
    """The records that a query found.

    Raises:
        CallFailed: the answer is none.
    """
    found = answer.body.get("records") if isinstance(answer.body, dict) else None
    if not isinstance(found, list):
        raise CallFailed(Retry(Own.NO_LIST_FOUND), answer)
    return [row for row in found if isinstance(row, dict) and row.get("Id")]


def _tied(tie: Tie) -> dict[str, Any]:
    own = {ID: str(tie.customer_id), SEQ: tie.seq, FINGERPRINT: tie.fingerprint or None}
    return {"attributes": {"type": "Contact"}, "id": tie.remote_id, **own}


def _record(wish: Wish) -> dict[str, Any]:
    own = {ID: str(wish.desired.customer_id), SEQ: wish.desired.seq, FINGERPRINT: wish.fingerprint}
    return {"attributes": {"type": "Contact"}, **wish.fields, **own}


def _outcome(wish: Wish, row: Mapping[str, Any]) -> Applied | Retry | Reject | Ambiguous:
    if row.get("success") is True and row.get("id"):
        return Applied(str(row["id"]), wish.fingerprint, wish.desired.seq)
    return row_failure(row)


def _contact(row: Mapping[str, Any], merged: str | None = None) -> Contact:
    return Contact.of(row["Id"], row, (ID, SEQ, FINGERPRINT), [merged])


def _described(answer: Answer) -> list[Mapping[str, Any]]:
    found = answer.body.get("fields") if isinstance(answer.body, dict) else None
    if not isinstance(found, list):
        raise CallFailed(Retry(Own.NO_FIELDS), answer)
    return [one for one in found if isinstance(one, dict)]
