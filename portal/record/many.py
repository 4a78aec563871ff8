"""Changes of many records in one statement, for whoever brings in thousands: the same entries, the same gate, the same
write as `portal.record.change`, and so the same chains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import psycopg

from portal.errors import PortalError
from portal.record.change import Intention, Values, beginning, change, create, drafted
from portal.record.flat import flatten
from portal.record.read import StoredRecord
from portal.record.store import RecordStore
from portal.record.write import SealedWrite, sealed_write, write_many

DEADLOCKS = 3
"""How often a statement is sent that waits for somebody who waits for it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change that has passed the gate, sealed and not yet written. `number` is that of a new customer."""

    intention: Intention
    values: Values
    sealed: SealedWrite
    number: str | None = None

    @property
    def after(self) -> StoredRecord:
        """The record as it is once this is written."""
        return self.sealed.after


@dataclass(frozen=True, slots=True)
class Later:
    """For this connector, who is new is due only in so many seconds."""

    connector: str
    seconds: float


def draft(store: RecordStore, stored: StoredRecord, intention: Intention, values: Values) -> Draft | None:
    """A change of a record; None if it says all this already.

    Raises:
        Forbidden, Invalid: as for `change`.
    """
    entry = drafted(store, stored, flatten(stored.record), intention, values)
    return None if entry is None else Draft(intention, values, sealed_write(stored, entry))


def draft_new(store: RecordStore, number: str, intention: Intention, values: Values) -> Draft:
    """The beginning of a new customer's record.

    Raises:
        Forbidden, Invalid: as for `change`.
    """
    empty, new = beginning(store, number)
    entry = drafted(store, empty, {}, intention, {"customer/number": number, **values})
    assert entry is not None
    return Draft(intention, values, sealed_write(empty, entry, new), number)


async def write_all(
    store: RecordStore, drafts: Sequence[Draft], *, later: Later | None = None
) -> Mapping[UUID, StoredRecord | PortalError]:
    """Write all drafts, by customer: the record as it is then, or why it could not be.

    Where somebody else was faster with one of them, or it was written before, that one is computed anew, like any
    change.
    """
    outcomes = await _write(store, drafts, later) if drafts else {}
    results: dict[UUID, StoredRecord | PortalError] = {}
    for one in drafts:
        id = one.after.record.id
        if outcomes is not None and outcomes[id] == "written":
            results[id] = one.after
        else:
            results[id] = await _alone(store, one)
    return results


async def _write(store: RecordStore, drafts: Sequence[Draft], later: Later | None) -> Mapping[UUID, str] | None:
    """None where nothing was written, because one of the numbers was taken a moment ago."""
    name, seconds = (later.connector, later.seconds) if later else (None, 0.0)
    for _attempt in range(DEADLOCKS):
        try:
            return await write_many(store, [one.sealed for one in drafts], later=name, seconds=seconds)
        except psycopg.errors.UniqueViolation:
            return None
        except psycopg.errors.DeadlockDetected:
            continue
    return None


async def _alone(store: RecordStore, one: Draft) -> StoredRecord | PortalError:
    id = one.after.record.id
    try:
        if one.number is not None:
            return await create(store, one.number, one.intention, one.values, customer_id=id)
        return (await change(store, id, one.intention, one.values)).stored
    except PortalError as error:
        return error
