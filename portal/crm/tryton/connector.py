"""Tryton behind the connector protocol: parties, their contact mechanisms and notes.

Needs the module customer_portal (contrib/tryton) in Tryton, which gives a party the fields that the portal finds it by.
A write carries the time of the version that was read (context `_timestamp`), and Tryton refuses it if somebody was
faster: so here nothing happens between reading and writing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from portal.catalogue.model import CrmType
from portal.crm.answers import CallFailed
from portal.crm.browsing import Tie, existing, tied
from portal.crm.comparing import Comparing, Contact, Story, Untold, Wish
from portal.crm.inventory import Existing, Link, Needed, RemoteField
from portal.crm.mapping import CrmMap, Dialect
from portal.crm.port import Applied, Caps, Conflict, Cursor, Forged, Hint, Outcome, Ref, Reject, Retry
from portal.crm.said import Own
from portal.crm.setup import Setup
from portal.crm.since import Row, Since
from portal.crm.tryton.fields import Fields, as_date, describe
from portal.crm.tryton.mechanisms import ByType, changes, is_ours, read_mechanisms
from portal.crm.tryton.notes import erase_notes, write_notes
from portal.crm.tryton.rpc import CONCURRENCY, Refused, Rpc, moment, read_moment

PARTY = "party.party"
ID, SEQ, FINGERPRINT = "portal_id", "portal_seq", "portal_fingerprint"
DIALECT = Dialect(booleans_can_be_empty=False)
EVERY = {"active_test": False}
MOST, PAGE = 25, 200
MECHANISMS = "contact_mechanisms"
SETTLES = timedelta(seconds=5)


class Tryton(Comparing):
    """Parties of one database."""

    def __init__(self, setup: Setup) -> None:
        rpc = Rpc(setup)
        super().__init__(setup, rpc.http, CrmMap(setup.catalogue, setup.name, DIALECT))
        self.caps = Caps(
            batch_max=setup.batch(MOST),
            upsert_by_external_id=True,
            conditional=True,
            feed=True,
            echo_tag=True,
            max_execution_seconds=60,
            poll_seconds=10.0,
        )
        self._rpc = rpc
        # A contact point is no field of a party: its name is the type of a contact mechanism.
        kept = [name for name in self._map.names() if name not in self._map.points]
        number = setup.settings.number_field
        self._names = list(dict.fromkeys([ID, SEQ, FINGERPRINT, *([number] if number else []), *kept]))
        self._fields = Fields(rpc, kept)
        self._dates = {name for name, writing in self._map.fields.items() if writing.type is CrmType.DATE}
        self.feed = Since(self._modified_between, lambda row: str(row["id"]), _modified, SETTLES)

    async def changes(self, cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        """Who was edited by others, by write_date."""
        await self._fields.load()
        found, later = await self.feed.read(cursor)
        contacts = await self._with_mechanisms(found)
        return [Ref(one.remote_id, one.customer_id) for one in contacts if not self._is_echo(one)], later

    def verify(self, _headers: Mapping[str, str], _raw: bytes, _url: str, _now: datetime) -> Sequence[Hint]:
        """Tryton sends no webhooks."""
        raise Forged("Tryton sends no webhooks")

    async def erase(self, ref: Ref) -> None:
        """Delete a party with its notes. Tryton refuses that for one with invoices or the like: then this says so."""
        for contact in await self._ours(ref):
            await erase_notes(self._rpc, int(contact.remote_id))
            await self._rpc.call(f"{PARTY}.delete", [int(contact.remote_id)], {}, writes=True)

    async def browse(self, cursor: Cursor | None, size: int) -> tuple[Sequence[Existing], Cursor | None]:
        """All parties, by their numbers, with the contact mechanisms that the portal would take over."""
        await self._fields.load()
        domain, names = [["id", ">", int(cursor or 0)], ["replaced_by", "=", None]], [*self._names, "name"]
        found = await self._rpc.call(f"{PARTY}.search_read", domain, 0, size, [["id", "ASC"]], names, EVERY)
        number = self._setup.settings.number_field
        contacts = await self._with_mechanisms(found)
        known = [existing(one, self._remote(one), self._map, number, "name") for one in contacts]
        return known, contacts[-1].remote_id if len(contacts) == size else None

    async def link(self, links: Sequence[Link]) -> Sequence[Outcome]:
        """Tie parties to customers. Tryton refuses one if another party is theirs."""
        return await tied(self._setup, self._tie, links)

    async def describe(self) -> Sequence[RemoteField]:
        """The fields of parties, and the types of contact mechanisms."""
        found = await self._rpc.call(f"{PARTY}.fields_get", None, {})
        types = (await self._rpc.call("party.contact_mechanism.fields_get", ["type"], {}))["type"].get("selection", [])
        mechanisms = [RemoteField(str(one[0]), "contact mechanism") for one in types if one and one[0]]
        return [*(describe(name, one) for name, one in found.items()), *mechanisms]

    def needed(self) -> Sequence[Needed]:
        """What the module customer_portal adds."""
        number = self._setup.settings.number_field
        return [Needed(ID, unique=True), Needed(SEQ), Needed(FINGERPRINT), *([Needed(number)] if number else [])]

    async def _read(self, customers: Sequence[UUID]) -> Sequence[Contact]:
        return await self._where([ID, "in", [str(one) for one in customers]])

    async def _read_contacts(self, remote_ids: Sequence[str]) -> Sequence[Contact]:
        """Those that are there; for one that was replaced, the one that it was replaced by."""
        ids = [int(one) for one in remote_ids if one.isdecimal()]
        domain = [["id", "in", ids], ["replaced_by", "!=", None]]
        gone = await self._rpc.call(f"{PARTY}.search_read", domain, 0, None, None, ["replaced_by"], EVERY)
        left = {int(row["replaced_by"]): str(row["id"]) for row in gone}
        found = await self._where(["id", "in", [*ids, *left]])
        return [self._contact(one.raw, left.get(int(one.remote_id))) for one in found]

    async def _with_number(self, field: str, numbers: Sequence[str]) -> Mapping[str, UUID | None]:
        found = await self._where([field, "in", list(dict.fromkeys(numbers))])
        return {str(one.raw.get(field)): one.customer_id for one in found}

    async def _where(self, condition: list[Any]) -> list[Contact]:
        """Parties that nobody replaced by another one: those are only kept for what refers to them."""
        if not condition[2]:
            return []
        await self._fields.load()
        domain, names = [condition, ["replaced_by", "=", None]], [*self._names, "_timestamp"]
        found = await self._rpc.call(f"{PARTY}.search_read", domain, 0, None, None, names, EVERY)
        return await self._with_mechanisms(found)

    async def _with_mechanisms(self, rows: Sequence[Row]) -> list[Contact]:
        """The parties with the contact mechanisms that are the portal's, each under its type."""
        found = await read_mechanisms(self._rpc, [int(row["id"]) for row in rows]) if self._map.points else {}
        contacts = []
        for row in rows:
            by_type = found.get(int(row["id"]), {})
            values = {type: one["value"] for type, one in by_type.items()}
            contacts.append(self._contact({**row, **values, MECHANISMS: by_type}))
        return contacts

    async def _modified_between(self, since: int, until: int, position: str | None) -> tuple[list[Row], str | None]:
        first, last = (moment(datetime.fromtimestamp(at / 1000, UTC)) for at in (since, until))
        domain = [[ID, "!=", None], ["replaced_by", "=", None], ["write_date", ">=", first], ["write_date", "<=", last]]
        order, offset = [["write_date", "ASC"], ["id", "ASC"]], int(position or 0)
        names = [*self._names, "write_date"]
        found = await self._rpc.call(f"{PARTY}.search_read", domain, offset, PAGE, order, names, EVERY)
        return found, str(offset + PAGE) if len(found) == PAGE else None

    async def _write(self, wishes: Sequence[Wish]) -> Sequence[Outcome]:
        """One call each; when the line breaks, the rest is not tried."""
        outcomes: list[Outcome] = []
        for wish in wishes:
            outcomes.append(await self._write_one(wish))
            if not isinstance(outcomes[-1], Applied | Conflict | Reject):
                break
        return [*outcomes, *[_not_tried(outcomes)] * (len(wishes) - len(outcomes))]

    async def _write_one(self, wish: Wish) -> Outcome:
        try:
            values = self._values(wish)
            if wish.there is None:
                [id] = await self._rpc.call(f"{PARTY}.create", [values], {}, writes=True)
            else:
                id = int(wish.there.remote_id)
                seen = {"_timestamp": {f"{PARTY},{id}": wish.there.raw["_timestamp"]}}
                await self._rpc.call(f"{PARTY}.write", [id], values, seen, writes=True)
        except Refused as refusal:
            return Conflict() if refusal.name == CONCURRENCY else refusal.outcome
        except CallFailed as failure:
            # One call, one record: nothing is to be halved.
            return Reject(failure.outcome.why) if isinstance(failure.outcome, Reject) else failure.outcome
        return Applied(str(id), wish.fingerprint, wish.desired.seq)

    def _values(self, wish: Wish) -> dict[str, Any]:
        fields = {name: value for name, value in wish.fields.items() if name not in self._map.points}
        values = {name: self._fields.to_tryton(name, value) for name, value in fields.items()}
        values |= {name: as_date(values[name]) for name in self._dates if values.get(name)}
        there: ByType = wish.there.raw.get(MECHANISMS, {}) if wish.there else {}
        wanted = {name: wish.fields[name] for name in self._map.points if not self._has(there.get(name), wish, name)}
        own = {ID: str(wish.desired.customer_id), SEQ: wish.desired.seq, FINGERPRINT: wish.fingerprint}
        if wish.there:
            # Tryton lets nobody change a party's code once it has one.
            values.pop(self._setup.settings.number_field, None)
        done = changes(there, wanted)
        return {"name": wish.desired.name, **values, **own} | ({MECHANISMS: done} if done else {})

    def _has(self, row: Mapping[str, Any] | None, wish: Wish, name: str) -> bool:
        """Whether a mechanism is ours and says so already; Tryton writes phone numbers in groups."""
        point = self._map.points[name]
        return bool(row and is_ours(row) and point.from_crm(row["value"]) == point.from_crm(wish.fields[name]))

    async def _tell(self, stories: Sequence[Story]) -> Untold:
        return await write_notes(self._rpc, stories)

    async def _tie(self, ties: Sequence[Tie]) -> Sequence[Outcome]:
        """One write takes any number of parties, each with its values."""
        each = [([int(tie.remote_id)], _own(tie)) for tie in ties]
        try:
            await self._rpc.call(f"{PARTY}.write", *(part for pair in each for part in pair), {}, writes=True)
        except Refused as refusal:
            refused = refusal.outcome
            return [replace(refused, whole=True) if isinstance(refused, Reject) else refused] * len(ties)
        return [tie.done for tie in ties]

    def _contact(self, row: Mapping[str, Any], merged: str | None = None) -> Contact:
        raw = {name: self._fields.from_tryton(name, value) for name, value in row.items()}
        return Contact.of(row["id"], raw, (ID, SEQ, FINGERPRINT), [merged])


def _own(tie: Tie) -> dict[str, Any]:
    return {ID: str(tie.customer_id), SEQ: tie.seq, FINGERPRINT: tie.fingerprint or None}


def _not_tried(outcomes: Sequence[Outcome]) -> Retry:
    """A break that is asked for is asked for all."""
    last = outcomes[-1] if outcomes else None
    return last if isinstance(last, Retry) else Retry(Own.NOT_TRIED)


def _modified(row: Row) -> int:
    return int(read_moment(row["write_date"]).timestamp() * 1000)
