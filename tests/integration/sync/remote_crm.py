"""A CRM at the other end of a bad line, in memory: it stands for the remote system, with what can happen on the way."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from uuid import UUID, uuid4

from portal import clock
from portal.audit.values import Value
from portal.crm.inventory import Link
from portal.crm.port import (
    NO_METER,
    Ambiguous,
    Applied,
    Caps,
    Conflict,
    ConsentStatus,
    Cursor,
    CursorExpired,
    Desired,
    Editor,
    Hint,
    Meter,
    Outcome,
    Rate,
    Ref,
    Reject,
    Remote,
    Retry,
)


class Fault(Enum):
    """What happens to one record of a push."""

    BUSY = auto()  # refused, with when to come back
    REFUSED = auto()  # refused for good
    LOST = auto()  # never arrives, and nobody is told
    UNANSWERED = auto()  # is written, but the answer is lost
    LATE = auto()  # the answer is lost, and it is written only when `land` is called


@dataclass
class Contact:
    remote_id: str
    seq: int = 0
    version: int = 0
    timeline_seq: int = 0
    fields: dict[str, Value] = field(default_factory=dict)
    edited_by: dict[str, tuple[int, Editor]] = field(default_factory=dict)
    timeline: list[str] = field(default_factory=list)
    consents: dict[tuple[str, str], ConsentStatus | None] = field(default_factory=dict)
    merged: frozenset[str] = frozenset()
    nobodys: bool = False
    restricted: bool = False


class RemoteCrm:
    """`conditional` refuses what an edit or a newer version has overtaken; without it, the last to arrive wins."""

    label = "Remote"
    meter: Meter = NO_METER

    def __init__(
        self,
        *,
        conditional: bool = True,
        holds_consents: bool = False,
        tells_timeline: bool = False,
        rate: Rate | None = None,
    ) -> None:
        self.caps = Caps(100, True, conditional, feed=True, echo_tag=False, max_execution_seconds=60, rate=rate)
        self.contacts: dict[UUID, Contact] = {}
        self.notes: dict[UUID, list[str]] = {}
        self.poisoned: set[UUID] = set()
        self.says_whom = False
        self.sizes: list[int] = []
        self.left: int | None = None
        self.limit: int | None = None
        self.resets_in: float | None = None
        self.forgetful = False
        self.erasures = 0
        self.faults: dict[UUID, deque[Fault]] = {}
        self.hang = False
        self.broken: Exception | None = None
        self.deaf: Exception | None = None
        self.mute: Exception | None = None
        self.calls = 0
        self.polls = 0
        self.links = 0
        self._holds_consents = holds_consents
        self._tells_timeline = tells_timeline
        self._feed: list[UUID] = []
        self._on_the_way: list[Desired] = []

    # What the engine asks

    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        self.calls += 1
        self.sizes.append(len(batch))
        self.meter.spent(remaining=self.left, limit=self.limit, resets_in=self.resets_in)
        if self.broken:
            raise self.broken
        if any(desired.customer_id in self.poisoned for desired in batch):
            whom = f" about {batch[0].number}" if self.says_whom else ""
            return [Reject(f"400 MALFORMED_REQUEST{whom}", whole=True)] * len(batch)
        outcomes = [self._receive(desired) if self._is_there(desired) else Conflict() for desired in batch]
        if self.hang:
            await asyncio.sleep(60)
        return outcomes

    async def fetch(self, refs: Sequence[Ref]) -> Sequence[Remote]:
        self.meter.spent()
        if self.deaf:
            raise self.deaf
        asked = {ref.customer_id for ref in refs} | {self._survivor(ref.remote_id) for ref in refs}
        there = [customer for customer in self.contacts if customer in asked]
        return [self._remote(customer) for customer in reversed(there)]

    async def changes(self, cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        self.polls += 1
        self.meter.spent()
        if self.mute:
            raise self.mute
        if self.forgetful and cursor is not None:
            self.forgetful = False
            raise CursorExpired
        known = self._feed[int(cursor or 0) :]
        there = [self.contacts[customer] for customer in known if customer in self.contacts]
        return [Ref(contact.remote_id) for contact in there], str(len(self._feed))

    def verify(self, _headers: Mapping[str, str], _raw: bytes, _url: str, _now: datetime) -> Sequence[Hint]:
        return []

    async def erase(self, ref: Ref) -> None:
        self.erasures += 1
        if self.broken:
            raise self.broken
        assert ref.customer_id
        self.contacts.pop(ref.customer_id, None)

    async def link(self, links: Sequence[Link]) -> Sequence[Outcome]:
        self.links += 1
        if self.broken:
            raise self.broken
        return [self._tie(link) for link in links]

    # What people and the network do

    def edit(self, customer: UUID, fields: Mapping[str, Value], user: str = "omar") -> None:
        """A user of the CRM edits a contact."""
        contact = self.contacts[customer]
        contact.version += 1
        contact.fields |= fields
        by = (contact.version, Editor(user, user.title(), clock.now()))
        contact.edited_by |= dict.fromkeys(fields, by)
        self._feed.append(customer)

    def says(self, customer: UUID, purpose: str, channel: str, status: ConsentStatus | None) -> None:
        """A user of the CRM notes down a consent."""
        contact = self.contacts[customer]
        contact.consents[purpose, channel] = status
        contact.version += 1
        contact.edited_by[f"{purpose}/{channel}"] = (contact.version, Editor("omar", "Omar", clock.now()))
        self._feed.append(customer)

    def fail(self, customer: UUID, *faults: Fault) -> None:
        """What happens to the next pushes of a customer, one after the other."""
        self.faults.setdefault(customer, deque()).extend(faults)

    def delete(self, customer: UUID) -> Contact:
        """A user removes a contact; gives it, as their dustbin has it."""
        self._feed.append(customer)
        return self.contacts.pop(customer)

    def restore(self, customer: UUID, contact: Contact) -> None:
        """And takes it out of the dustbin."""
        self.contacts[customer] = contact
        self._feed.append(customer)

    def merge(self, customer: UUID, into: UUID) -> None:
        """A user merges the contact of one customer into that of another one, or of nobody."""
        gone, survivor = self.contacts.pop(customer), self.contacts[into]
        survivor.merged |= {gone.remote_id} | gone.merged
        survivor.version += 1
        self._feed.append(into)

    def somebody(self, **fields: Value) -> UUID:
        """A contact that the portal has not made."""
        stranger = uuid4()
        self.contacts[stranger] = Contact(uuid4().hex, fields=fields, nobodys=True)
        return stranger

    def land(self) -> None:
        """What was late arrives, in whatever order."""
        late, self._on_the_way = self._on_the_way, []
        for desired in reversed(late):
            self._write(desired)

    def hush(self) -> None:
        """What was written is not told by the feed: those of real products leave out what the portal wrote."""
        self._feed.clear()

    def _receive(self, desired: Desired) -> Outcome:
        faults = self.faults.get(desired.customer_id)
        match faults.popleft() if faults else None:
            case Fault.BUSY:
                return Retry("too many requests", after=7)
            case Fault.REFUSED:
                return Reject("FIELD_INTEGRITY: bad value")
            case Fault.LOST:
                return Ambiguous("connection reset")
            case Fault.UNANSWERED:
                self._write(desired)
                return Ambiguous("no answer")
            case Fault.LATE:
                self._on_the_way.append(desired)
                return Ambiguous("no answer")
        return self._write(desired)

    def _write(self, desired: Desired) -> Outcome:
        contact = self._contact(desired)
        if self.caps.conditional and contact.seq > desired.seq:
            return Applied(contact.remote_id, str(contact.version), contact.seq)
        etag = int(desired.etag or 0)
        if self.caps.conditional and any(version > etag for version, _ in contact.edited_by.values()):
            return Conflict()
        changed = {name for name, value in desired.fields.items() if contact.fields.get(name) != value}
        contact.version += 1
        contact.seq = desired.seq
        contact.fields |= desired.fields
        contact.edited_by = {name: by for name, by in contact.edited_by.items() if name not in changed}
        if self._holds_consents:
            contact.consents = {(c.purpose, c.channel): c.status for c in desired.consents}
        for entry in desired.timeline:
            if entry.id not in contact.timeline:
                contact.timeline.append(entry.id)
                self.notes.setdefault(desired.customer_id, []).append(entry.text)
                contact.timeline_seq = max(contact.timeline_seq, entry.seq)
        contact.restricted = contact.restricted if desired.restricted is None else desired.restricted
        self._feed.append(desired.customer_id)
        return Applied(contact.remote_id, str(contact.version), contact.seq)

    def _is_there(self, desired: Desired) -> bool:
        """One that was there and is gone was deleted or merged by somebody: it is not made again unasked."""
        return desired.customer_id in self.contacts or desired.remote_id is None

    def _contact(self, desired: Desired) -> Contact:
        """By the customer's id, as CRMs do that write by an id of ours; else a new one."""
        return self.contacts.setdefault(desired.customer_id, Contact(uuid4().hex))

    def _tie(self, link: Link) -> Outcome:
        remote_id, customer = link.contact.remote.remote_id, link.customer_id
        named = next((c for c, contact in self.contacts.items() if contact.remote_id == remote_id), None)
        if named is None or customer in self.contacts or not self.contacts[named].nobodys:
            return Reject("another contact has this id")
        self.contacts[customer] = replace(self.contacts.pop(named), nobodys=False)
        return Applied(remote_id, None, 0)

    def _survivor(self, remote_id: str | None) -> UUID | None:
        for customer, contact in self.contacts.items():
            if remote_id == contact.remote_id or remote_id in contact.merged:
                return customer
        return None

    def _remote(self, customer: UUID) -> Remote:
        contact = replace(self.contacts[customer])
        return Remote(
            customer_id=None if contact.nobodys else customer,
            merged=contact.merged,
            remote_id=contact.remote_id,
            etag=str(contact.version),
            seq=contact.seq,
            timeline_seq=contact.timeline_seq if self._tells_timeline else None,
            fields=dict(contact.fields),
            edited_by={name: by for name, (_version, by) in contact.edited_by.items()},
            consents=dict(contact.consents) if self._holds_consents else {},
        )
