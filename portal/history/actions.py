"""Undoing: a change like any other, in the opposite direction, through the same path."""

from collections.abc import Mapping
from uuid import UUID

from portal.audit.entry import Diff, Entry
from portal.audit.values import Value
from portal.record.change import Intention, Outcome, change
from portal.record.models import Record
from portal.record.store import RecordStore


async def undo(store: RecordStore, customer_id: UUID, intention: Intention, entry: Entry) -> Outcome:
    """Let what `entry` changed be as it was before. `intention.seen` is the change's own number, so that whatever was
    changed since then is a conflict and stays."""

    def proposal(record: Record) -> Mapping[str, Value]:
        values = {diff.path: diff.old for diff in entry.diffs}
        return values | _free_ranks(record, entry.diffs)

    return await change(store, customer_id, intention, proposal)


def _free_ranks(record: Record, diffs: tuple[Diff, ...]) -> dict[str, Value]:
    """A contact point that comes back gets the last place if its own is taken."""
    coming = {d.path: d.old for d in diffs if d.path.endswith("/rank") and d.new is None and d.old is not None}
    taken = {point.rank for point in record.contact_points}
    return {path: max(taken) + 1 for path, rank in coming.items() if rank in taken}
