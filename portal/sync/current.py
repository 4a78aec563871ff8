"""The records of a claimed batch as they are now, in one statement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.audit.cipher import CustomerKey, Undecipherable, WrappedKey
from portal.audit.entry import Entry, unseal
from portal.audit.values import State
from portal.crm.said import Own
from portal.db.database import Row
from portal.record.decode import decode_record
from portal.record.models import Record
from portal.sync.line import Line
from portal.sync.points import standing
from portal.sync.state import Claimed

READ = "SELECT * FROM portal.sync_read_v2(%s, %s, %s)"

MAX_ENTRIES = 100
"""How many change records one push carries at most; a longer history goes out in several."""


@dataclass(frozen=True, slots=True)
class Current:
    """A record with its key, and the oldest entries of its chain that the CRM does not have."""

    record: Record
    chain: UUID
    key: CustomerKey
    entries: tuple[Entry, ...]
    actors: tuple[str | None, ...]

    @property
    def complete(self) -> bool:
        """Whether `entries` go as far as the record does."""
        return not self.entries or self.entries[-1].seq >= self.record.seq


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record whose values cannot be decrypted: its own trouble, and nobody else's in the batch."""

    why: str


async def read_current(line: Line, rows: Sequence[Claimed]) -> dict[UUID, Current | Unreadable]:
    """The records of all rows, by customer."""
    found = await line.store.database.fetch_all(
        READ,
        [_array(row.customer_id for row in rows), _array(row.timeline_seq for row in rows), MAX_ENTRIES],
        retry=True,
        binary=True,
    )
    if len(found) != len(rows):
        # A forgotten policy or grant shows no rows and raises no error: FORCE ROW LEVEL SECURITY.
        raise RuntimeError(f"{len(rows)} records are due, and {len(found)} can be read")
    return {row["id"]: _current(line, row) for row in found}


def _array(items: Iterable[UUID | int]) -> str:
    """As PostgreSQL reads it; the driver would look at each of them for what it is, and whether it needs quotes."""
    return f"{{{','.join(map(str, items))}}}"


def _current(line: Line, row: Row) -> Current | Unreadable:
    if row["wrapped_key"] is None:
        return Unreadable(Own.NO_KEY)
    try:
        key = line.store.keys.unwrap(row["id"], WrappedKey(row["wrapped_key"], row["wrapped_by"]))
        entries = tuple(unseal(entry, key) for entry in row["entries"] or ())
        record = decode_record(row["record"])
    except Undecipherable:
        return Unreadable(Own.UNDECIPHERABLE)
    except ValueError:
        return Unreadable(Own.IMPOSSIBLE)
    return Current(record, row["chain"], key, entries, tuple(row["actors"] or ()))


def our_values(line: Line, record: Record) -> State:
    """What the portal says of all that a CRM can have an opinion of: mapped fields, consents, and which contact points
    stand in its fields for them."""
    fields = {f"profile/{key}": record.profile[key] for key in line.names if key in record.profile}
    consents = {f"consents/{c.purpose}/{c.channel}/status": c.status.value for c in record.consents}
    return fields | consents | standing(line.points, record)
