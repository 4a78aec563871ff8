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
from portal.crm.port import (
    Ambiguous,
    Applied,
    Caps,
    Conflict,
    ConsentStatus,
    Cursor,
    Desired,
    Editor,
    Hint,
    Outcome,
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
    consents: dict[tuple[str, str], ConsentStatus] = field(default_factory=dict)


class RemoteCrm:
    """`conditional` refuses what an edit or a newer version has overtaken; without it, the last to arrive wins."""

    label = "Remote"

    def __init__(self, *, conditional: bool = True, holds_consents: bool = False, tells_timeline: bool = False) -> None:
        self.caps = Caps(100, True, conditional, feed=True, echo_tag=False, max_execution_seconds=60)
        self.contacts: dict[UUID, Contact] = {}
        self.faults: dict[UUID, deque[Fault]] = {}
        self.hang = False
        self.broken: Exception | None = None
        self.deaf: Exception | None = None
        self.calls = 0
        self._holds_consents = holds_consents
        self._tells_timeline = tells_timeline
        self._feed: list[UUID] = []
        self._on_the_way: list[Desired] = []

    # What the engine asks

    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        self.calls += 1
        if self.broken:
            raise self.broken
        outcomes = [self._receive(desired) for desired in batch]
        if self.hang:
            await asyncio.sleep(60)
        return outcomes

    async def fetch(self, refs: Sequence[Ref]) -> Sequence[Remote]:
        if self.deaf:
            raise self.deaf
        there = [ref.customer_id for ref in refs if ref.customer_id in self.contacts]
        return [self._remote(customer) for customer in reversed(there) if customer]

    async def changes(self, cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        known = self._feed[int(cursor or 0) :]
        return [Ref(self.contacts[customer].remote_id) for customer in known], str(len(self._feed))

    def verify(self, _headers: Mapping[str, str], _raw: bytes, _url: str, _now: datetime) -> Sequence[Hint]:
        return []

    async def erase(self, ref: Ref) -> None:
        assert ref.customer_id
        self.contacts.pop(ref.customer_id, None)

    # What people and the network do

    def edit(self, customer: UUID, fields: Mapping[str, Value], user: str = "omar") -> None:
        """A user of the CRM edits a contact."""
        contact = self.contacts[customer]
        contact.version += 1
        contact.fields |= fields
        by = (contact.version, Editor(user, user.title(), clock.now()))
        contact.edited_by |= dict.fromkeys(fields, by)
        self._feed.append(customer)

    def says(self, customer: UUID, purpose: str, channel: str, status: ConsentStatus) -> None:
        """A user of the CRM notes down a consent."""
        self.contacts[customer].consents[purpose, channel] = status
        self.contacts[customer].version += 1
        self._feed.append(customer)

    def fail(self, customer: UUID, *faults: Fault) -> None:
        """What happens to the next pushes of a customer, one after the other."""
        self.faults.setdefault(customer, deque()).extend(faults)

    def land(self) -> None:
        """What was late arrives, in whatever order."""
        late, self._on_the_way = self._on_the_way, []
        for desired in reversed(late):
            self._write(desired)

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
        contact = self.contacts.setdefault(desired.customer_id, Contact(uuid4().hex))
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
                contact.timeline_seq = max(contact.timeline_seq, entry.seq)
        self._feed.append(desired.customer_id)
        return Applied(contact.remote_id, str(contact.version), contact.seq)

    def _remote(self, customer: UUID) -> Remote:
        contact = replace(self.contacts[customer])
        return Remote(
            customer_id=customer,
            remote_id=contact.remote_id,
            etag=str(contact.version),
            seq=contact.seq,
            timeline_seq=contact.timeline_seq if self._tells_timeline else None,
            fields=dict(contact.fields),
            edited_by={name: by for name, (_version, by) in contact.edited_by.items()},
            consents=dict(contact.consents) if self._holds_consents else {},
        )
