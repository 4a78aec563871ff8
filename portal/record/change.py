"""The only way to write a record, whoever asks: a customer's form, an agent's answer, a CRM's inbound change, the
command line. One statement keeps state, change record and due marks together (`write_v1.sql`), so audit is never a
courtesy of a view.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

import psycopg

from portal import clock
from portal.audit.entry import GENESIS, Actor, Diff, Entry, Evidence, unseal
from portal.audit.values import State, Value
from portal.errors import Conflict, NotFound, Unavailable
from portal.i18n import gettext as _
from portal.record.flat import flatten
from portal.record.gate import check
from portal.record.job import Jobs
from portal.record.models import Record
from portal.record.read import StoredRecord, read
from portal.record.rebase import ConflictingField, rebase, unfold
from portal.record.store import RecordStore
from portal.record.write import Beginning, write

ATTEMPTS = 8
"""How often a change is computed anew because somebody else was faster, before the person is asked to try again."""

FIRST_WAIT = 0.02
"""Seconds that the second attempt waits at most; each further one at most twice as long."""

FARTHEST_BACK = 1_000
"""From how many versions ago a form may come: what happened since is read and decrypted for it."""

SINCE = """SELECT entry FROM portal.record_changes_v1(%s, %s)"""

Values: TypeAlias = Mapping[str, Value]
Proposal: TypeAlias = Values | Callable[[Record], Values]
"""What is to stand at some paths (None removes), or a function of the record that says so, such as the next rank."""


@dataclass(frozen=True, slots=True)
class Intention:
    """Who wants something, and what a second look will want to know about it.

    `request` makes the change happen once however often it is sent. `seen` is the version that the person had before
    their eyes; without it, the proposal holds for whatever the record is now. What is `notable` is written down even if
    it changes nothing, for the sake of its evidence. `jobs` are to be done once it is written, and only then. `found`
    is the record as it was a moment ago: if it still is when this is written, it need not be read once more.
    """

    action: str
    actor: Actor
    request: UUID
    seen: int | None = None
    evidence: Evidence = field(default_factory=Evidence)
    notable: bool = False
    jobs: Jobs | None = None
    found: StoredRecord | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Changed:
    """Written as change `entry`. `rebased` says that the record had moved on since it was seen, without a conflict."""

    stored: StoredRecord
    entry: Entry
    rebased: bool


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The record says all this already; nothing was written."""

    stored: StoredRecord


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same request made change `seq` before; nothing more was written."""

    stored: StoredRecord
    seq: int


@dataclass(frozen=True, slots=True)
class Conflicted:
    """Somebody changed the same fields meanwhile; nothing was written, the person decides field by field. `merged` is
    what they changed and nobody else did, which stands as it is wanted whatever they decide."""

    stored: StoredRecord
    fields: tuple[ConflictingField, ...]
    merged: Values


Outcome: TypeAlias = Changed | Unchanged | Duplicate | Conflicted


async def change(store: RecordStore, customer_id: UUID, intention: Intention, proposal: Proposal) -> Outcome:
    """Commit one intention of one actor on one record.

    Raises:
        NotFound: there is no such record for this role.
        Forbidden: the actor may not change one of the paths.
        Invalid: a value cannot stand where it is proposed; `errors` is by path.
        Conflict: the version that was seen is too long ago, or not known here.
        Unavailable: others kept being faster.
        Uncertain: the answer was lost; sending the same intention again is safe.
    """
    for attempt in range(ATTEMPTS):
        await _let_others_finish(attempt)
        stored = intention.found if attempt == 0 else None
        stored = stored or await read(store.database, store.keys, customer_id)
        if stored is None:
            raise NotFound(_("There is no such record."))
        current = flatten(stored.record)
        seen = None
        if intention.seen is not None and intention.seen != stored.record.seq:
            if not 0 <= stored.record.seq - intention.seen <= FARTHEST_BACK:
                raise _too_far()
            since = await changes_since(store, stored, intention.seen)
            if repeated := next((e.seq for e in since if e.request == intention.request), None):
                return Duplicate(stored, repeated)
            seen = unfold(current, (diff for entry in since for diff in reversed(entry.diffs)))
        wanted = dict(proposal(stored.record) if callable(proposal) else proposal)
        if seen is not None:
            wanted, conflicts = rebase(seen, current, wanted)
            if conflicts:
                return Conflicted(stored, tuple(conflicts), wanted)
        entry = drafted(store, stored, current, intention, wanted)
        if entry is None:
            return Unchanged(stored)
        outcome, seq, after = await write(store, stored, entry, jobs=intention.jobs)
        if outcome == "written":
            return Changed(after, entry, rebased=seen is not None)
        if outcome == "duplicate":
            again = await read(store.database, store.keys, customer_id)
            return Duplicate(again or stored, seq)
    raise Unavailable(_("Others are changing this record at this moment. Nothing was saved; please try again."))


async def _let_others_finish(attempt: int) -> None:
    """Who was too late waits a moment, longer each time and never as long as the next one: of many at one record, each
    gets through."""
    if attempt:
        chance = int.from_bytes(clock.token_bytes(4)) / 2**32
        await asyncio.sleep(FIRST_WAIT * 2 ** (attempt - 1) * chance)


def _too_far() -> Conflict:
    return Conflict(
        _("This form was made from a version of the record that is too long ago. Nothing was saved."),
        hint=_("Open the page again and repeat what you typed."),
    )


async def create(
    store: RecordStore, number: str, intention: Intention, values: Values, *, customer_id: UUID | None = None
) -> StoredRecord:
    """Begin a record for a new customer, with its chain and key.

    Raises:
        Conflict: the customer number is taken.
        Forbidden, Invalid: as for `change`.
    """
    empty, new = beginning(store, number, customer_id)
    entry = drafted(store, empty, {}, intention, {"customer/number": number, **values})
    assert entry is not None
    taken = Conflict(_("There is a customer with number %(number)s already.") % {"number": number})
    try:
        outcome, _seq, after = await write(store, empty, entry, jobs=intention.jobs, create=new)
    except psycopg.errors.UniqueViolation:
        raise taken from None
    if outcome != "written":
        raise taken
    return after


def beginning(store: RecordStore, number: str, customer_id: UUID | None = None) -> tuple[StoredRecord, Beginning]:
    """The record of a new customer before its first change, and what the write is to begin it with."""
    id = customer_id or clock.uuid7()
    key, wrapped = store.keys.create(id)
    # The chain's name is random and says nothing about the customer or the time.
    chain = UUID(bytes=clock.token_bytes(16), version=4)
    empty = StoredRecord(Record(id=id, number="", seq=0), chain, GENESIS, key)
    return empty, {"number": number, "chain": str(chain), "wrapped": wrapped.base64(), "wrapped_by": wrapped.by}


async def changes_since(store: RecordStore, stored: StoredRecord, seen: int) -> list[Entry]:
    """The entries after version `seen`, newest first."""
    rows_ = await store.database.fetch_all(SINCE, [stored.record.id, seen], retry=True)
    return [unseal(bytes(row["entry"]), stored.key) for row in rows_]


def drafted(
    store: RecordStore, stored: StoredRecord, current: State, intention: Intention, wanted: Values
) -> Entry | None:
    """The entry after which the record says what is wanted; None if it says so already, and nothing is notable.

    Raises:
        Forbidden, Invalid: as for `change`.
    """
    diffs = tuple(Diff(path, current.get(path), new) for path, new in wanted.items() if current.get(path) != new)
    if not diffs and not intention.notable:
        return None
    check(store.catalogue, intention.actor, current, diffs)
    return Entry(
        origin=store.origin,
        chain=stored.chain,
        seq=stored.record.seq + 1,
        prev=stored.head,
        at=clock.now(),
        action=intention.action,
        actor=intention.actor,
        request=intention.request,
        diffs=diffs,
        evidence=intention.evidence,
    )
