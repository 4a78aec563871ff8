"""Reading a record: one statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from portal.audit.cipher import CustomerKey, KeyRing, Undecipherable, WrappedKey
from portal.audit.entry import Entry, unseal
from portal.db.database import Database, Row
from portal.record.decode import decode_record
from portal.record.delivery import Delivery
from portal.record.models import Record

READER = "portal.record_read_v3"
READ = f"SELECT * FROM {READER}(%s)"  # noqa: S608 - a name of ours
READ_ALL = f"SELECT r.* FROM unnest(%s::uuid[]) AS asked (id), LATERAL {READER}(asked.id) r"  # noqa: S608


@dataclass(frozen=True, slots=True)
class RecentChange:
    """A change, and when each connector's CRM had it (by connector name; absent while it waits)."""

    entry: Entry
    delivered: dict[str, datetime]


@dataclass(frozen=True, slots=True)
class Access:
    """One reading of the record by somebody else."""

    at: datetime
    actor_kind: str
    actor_name: str
    via: str


class _Around(msgspec.Struct):
    deliveries: tuple[Delivery, ...] | None
    reads: tuple[Access, ...] | None


_around = msgspec.json.Decoder(_Around)


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record with what the portal knows around it: its chain, its key, where it has been delivered, who read it, and
    its last three entries, newest first, as they are sealed."""

    record: Record
    chain: UUID
    head: bytes
    key: CustomerKey
    deliveries: tuple[Delivery, ...] = ()
    reads: tuple[Access, ...] = ()
    entries: tuple[bytes, ...] = ()

    @property
    def recent(self) -> list[RecentChange]:
        """The last changes, newest first, decrypted now: most who have the record do not ask for them.

        One that somebody altered behind the portal's back is left out: `portal audit verify` names it, and the record
        itself stays of use.
        """
        return [found for data in self.entries if (found := self._recent(data))]

    def _recent(self, data: bytes) -> RecentChange | None:
        try:
            entry = unseal(data, self.key)
        except (ValueError, Undecipherable):
            return None
        return RecentChange(entry, {d.connector: at for d in self.deliveries if (at := d.had_at(entry.seq))})


async def read(database: Database, keys: KeyRing, customer_id: UUID) -> StoredRecord | None:
    """The record of a customer, or None if there is none (for this role)."""
    row = await database.fetch_one(READ, [customer_id], retry=True, binary=True)
    return None if row is None else stored_record(row, keys)


async def read_all(database: Database, keys: KeyRing, customers: Iterable[UUID]) -> dict[UUID, StoredRecord]:
    """The records of some customers, in one statement; who is not there (for this role) is left out."""
    rows = await database.fetch_all(READ_ALL, [list(customers)], retry=True, binary=True)
    return {row["id"]: stored_record(row, keys) for row in rows}


def stored_record(row: Row, keys: KeyRing) -> StoredRecord:
    """What a row of the reading function says, whatever else stands in the row.

    Raises:
        Undecipherable: the customer's key was wrapped under another key-encryption key.
        ValueError: somebody has put something into a row that no record can say.
    """
    around = _around.decode(row["around"])
    return StoredRecord(
        record=decode_record(row["record"]),
        chain=row["chain"],
        head=row["head"],
        key=keys.unwrap(row["id"], WrappedKey(row["wrapped_key"], row["wrapped_by"])),
        deliveries=around.deliveries or (),
        reads=around.reads or (),
        entries=tuple(row["recent"]),
    )
