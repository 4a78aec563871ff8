"""Writing to CRMs that write whatever arrives: each contact is read before it is written.

Most CRMs can neither refuse a version that is older than theirs nor an edit that was not seen. So a push reads first,
and leaves alone what is newer or was edited meanwhile. What is left is the moment between reading and writing: the
engine looks once more where it matters, because such a connector does not claim to be `conditional`.

With each contact the CRM keeps three fields of the portal's: whose it is, which version of the record was written, and
a fingerprint of what was written. While the fingerprint fits what stands there, nobody has edited it since: so our own
writing is told from an agent's edit wherever a contact is read, and nothing has to be remembered for it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias
from uuid import UUID

from portal.crm.answers import CallFailed
from portal.crm.http import Calling, Http
from portal.crm.mapping import CrmMap
from portal.crm.port import (
    Ambiguous,
    Applied,
    Conflict,
    Desired,
    Outcome,
    Ref,
    Reject,
    Remote,
    Retry,
    TimelineEntry,
)
from portal.crm.said import Own
from portal.crm.setup import Setup
from portal.crm.written import Writing

NUMBER_TAKEN = Reject(Own.NUMBER_TAKEN)


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as the CRM has it.

    Attributes:
        customer_id: whose it says it is.
        seq, fingerprint: what the portal left with it; 0 and empty if it never wrote it.
        raw: its fields, as the CRM writes them.
        merged: the ids of contacts that were merged into it.
    """

    remote_id: str
    customer_id: UUID | None
    seq: int
    fingerprint: str
    raw: Mapping[str, Any]
    merged: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, remote_id: Any, raw: Mapping[str, Any], own: tuple[str, str, str], merged: Iterable[str | None] = ()
    ) -> Self:
        """From its fields; `own` are the names of the three that are the portal's."""
        id, seq, fingerprint = (raw.get(name) for name in own)
        gone = frozenset(filter(None, merged))
        return cls(str(remote_id), uuid_or_none(id), int_or_zero(seq), str(fingerprint or ""), raw, gone)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be written: every mapped field with its value in the CRM's own way. `there` is the contact, if it has
    been read."""

    desired: Desired
    fields: Mapping[str, Any]
    fingerprint: str
    there: Contact | None


@dataclass(frozen=True, slots=True)
class Story:
    """What a contact's timeline is to have, oldest first."""

    remote_id: str
    entries: Sequence[TimelineEntry]


Untold: TypeAlias = Mapping[str, Retry | Reject | Ambiguous]
"""Why the timelines of some contacts are not complete, by the ids of these."""


class Comparing(Calling, ABC):
    """Reads, compares, writes. A product says how each of these is done there."""

    def __init__(self, setup: Setup, http: Http, names: CrmMap) -> None:
        super().__init__(http)
        self.label = setup.label
        self._setup, self._map = setup, names

    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        """Read, leave alone what is newer or was edited, write the rest, and tell its timeline."""
        try:
            there = {contact.customer_id: contact for contact in await self._read([d.customer_id for d in batch])}
            taken = await self._taken([d.number for d in batch if d.customer_id not in there])
        except CallFailed as failure:
            return [_unread(failure)] * len(batch)
        decided = [self._left_alone(d, there.get(d.customer_id), taken) for d in batch]
        wishes = [
            self._wish(d, there.get(d.customer_id)) for d, outcome in zip(batch, decided, strict=True) if not outcome
        ]
        written = iter(await self._written(wishes))
        outcomes = [outcome or next(written) for outcome in decided]
        return await self._told(batch, outcomes)

    async def fetch(self, refs: Sequence[Ref]) -> Sequence[Remote]:
        """What the CRM says about these customers; about a contact that is no longer theirs, by its own id."""
        found = list(await self._read([ref.customer_id for ref in refs if ref.customer_id]))
        known = {contact.customer_id for contact in found}
        gone = [ref for ref in refs if ref.remote_id and ref.customer_id not in known]
        found += await self._read_gone(gone) if gone else []
        return [self._remote(contact) for contact in found]

    def written(self) -> Sequence[Writing]:
        """The fields that the catalogue names, and how each is written."""
        return list(self._map.writings())

    @abstractmethod
    async def _read(self, customers: Sequence[UUID]) -> Sequence[Contact]:
        """The contacts of these customers, as many as there are."""

    @abstractmethod
    async def _read_contacts(self, remote_ids: Sequence[str]) -> Sequence[Contact]:
        """The contacts of these ids, as many as there are."""

    async def _read_gone(self, refs: Sequence[Ref]) -> Sequence[Contact]:
        """What is left of contacts that are no longer their customers'."""
        return await self._read_contacts([ref.remote_id for ref in refs if ref.remote_id])

    @abstractmethod
    async def _with_number(self, field: str, numbers: Sequence[str]) -> Mapping[str, UUID | None]:
        """Whose contacts have these customer numbers."""

    @abstractmethod
    async def _write(self, wishes: Sequence[Wish]) -> Sequence[Outcome]:
        """Write contacts, each with what the portal leaves with it; the seq of an Applied is the one that was
        written."""

    @abstractmethod
    async def _tell(self, stories: Sequence[Story]) -> Untold:
        """Write to timelines: each entry once, however often this is called. Where one contact's is refused, the
        others' are written all the same."""

    async def _ours(self, ref: Ref) -> Sequence[Contact]:
        """The contacts to erase: the customer's, or else the one that was theirs, unless it is another's by now."""
        found = await self._read([ref.customer_id]) if ref.customer_id else []
        if found or not ref.remote_id:
            return found
        contacts = await self._read_contacts([ref.remote_id])
        return [contact for contact in contacts if contact.customer_id in (None, ref.customer_id)]

    async def _taken(self, numbers: Sequence[str]) -> Mapping[str, UUID | None]:
        field = self._setup.settings.number_field
        return await self._with_number(field, numbers) if field and numbers else {}

    def _left_alone(self, desired: Desired, there: Contact | None, taken: Mapping[str, UUID | None]) -> Outcome | None:
        """Why a contact is not written; None if it is."""
        if there is None:
            # One that was there and is gone was deleted or merged by somebody: it is not made again unasked.
            gone = Conflict() if desired.remote_id else None
            # Somebody else of ours may have made the same contact a moment ago.
            others = taken.get(desired.number, desired.customer_id) != desired.customer_id
            return NUMBER_TAKEN if others else gone
        now = self._fingerprint(there)
        if there.seq > desired.seq:
            return Applied(there.remote_id, now, there.seq)
        if now not in (there.fingerprint, desired.etag):
            return Conflict()
        return None

    def _wish(self, desired: Desired, there: Contact | None) -> Wish:
        fields = self._map.to_crm(desired)
        if number := self._setup.settings.number_field:
            fields[number] = desired.number
        fingerprint = self._setup.fingerprint(desired.customer_id, self._map.state(fields))
        return Wish(desired, fields, fingerprint, there)

    async def _written(self, wishes: Sequence[Wish]) -> Sequence[Outcome]:
        if not wishes:
            return []
        try:
            return await self._write(wishes)
        except CallFailed as failure:
            return [failure.outcome] * len(wishes)

    async def _told(self, batch: Sequence[Desired], outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """Tell the timelines of those who were written. Of whom that fails, the whole is done again, which does no
        harm."""
        pairs = list(zip(batch, outcomes, strict=True))
        stories = [Story(o.remote_id, d.timeline) for d, o in pairs if isinstance(o, Applied) and d.timeline]
        if not stories:
            return outcomes
        try:
            untold = await self._tell(stories)
        except CallFailed as failure:
            untold = {story.remote_id: failure.outcome for story in stories}
        failed = {id: replace(outcome, why=Own.TIMELINE.of(said=outcome.why)) for id, outcome in untold.items()}
        return [failed.get(o.remote_id, o) if isinstance(o, Applied) and d.timeline else o for d, o in pairs]

    def _remote(self, contact: Contact) -> Remote:
        summary, restricted = self._map.shown(contact.raw)
        return Remote(
            customer_id=contact.customer_id,
            remote_id=contact.remote_id,
            etag=self._fingerprint(contact),
            seq=contact.seq,
            timeline_seq=None,
            fields=self._map.from_crm(contact.raw),
            consents=self._map.consents(contact.raw),
            flags=self._map.flags(contact.raw),
            points=self._map.contact_points(contact.raw),
            summary=summary,
            restricted=restricted,
            unsaid=self._map.unsaid(contact.raw),
            merged=contact.merged,
        )

    def _fingerprint(self, contact: Contact) -> str:
        return self._setup.fingerprint(contact.customer_id or UUID(int=0), self._map.state(contact.raw))

    def _is_echo(self, contact: Contact) -> bool:
        """Whether nobody has edited a contact since the portal wrote it."""
        return self._fingerprint(contact) == contact.fingerprint


def told(entry: TimelineEntry) -> str:
    """What a timeline says of a change record."""
    return entry.text or f"{entry.action} ({entry.actor_kind}, {entry.via})"


def uuid_or_none(value: Any) -> UUID | None:
    """A customer's id as a CRM has it; None if somebody wrote something else there."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def int_or_zero(value: Any) -> int:
    """A version as a CRM has it, which may be text or a decimal number."""
    try:
        return max(int(float(value)), 0)
    except (TypeError, ValueError, OverflowError):
        return 0


def _unread(failure: CallFailed) -> Outcome:
    """Nothing was written; and that a contact cannot be read is nothing that the record is to blame for."""
    return failure.outcome if isinstance(failure.outcome, Retry) else Retry(failure.outcome.why)
