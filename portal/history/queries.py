"""A customer's own history: a page of their changes, in one statement."""

from dataclasses import dataclass
from uuid import UUID

from portal.audit.cipher import CustomerKey, WrappedKey
from portal.audit.entry import unseal
from portal.audit.values import Value
from portal.db.database import Row
from portal.record.delivery import Delivery, delivered, delivery
from portal.record.read import RecentChange
from portal.record.store import RecordStore

READ = "SELECT * FROM portal.history_v2(%s, %s, %s)"
PAGE = 25


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some changes, newest first.

    Attributes:
        head: the version of the record, which is the number of its last change.
        state: of the flat record, what it takes to tell the changes.
        proofs: the leaf hash of each change, by its number.
        newer, older: where the neighbouring pages begin (`before`), if there are any.
    """

    head: int
    time_zone: str | None
    state: dict[str, Value]
    deliveries: tuple[Delivery, ...]
    changes: tuple[RecentChange, ...]
    proofs: dict[int, bytes]
    newer: int | None
    older: int | None


async def history(store: RecordStore, customer_id: UUID, before: int) -> HistoryPage | None:
    """The changes before number `before`; None if there is no such record."""
    rows = await store.database.fetch_all(READ, [customer_id, before, PAGE], retry=True)
    if not rows:
        return None
    first = rows[0]
    key = store.keys.unwrap(customer_id, WrappedKey(bytes(first["wrapped_key"]), first["wrapped_by"]))
    changes = [row for row in rows if row["seq"] is not None]
    return HistoryPage(
        head=first["head"],
        time_zone=first["time_zone"],
        state={f"contact_points/{id}/system": system for id, system in (first["systems"] or {}).items()},
        deliveries=tuple(map(delivery, first["sync"] or ())),
        changes=tuple(_change(row, key) for row in changes),
        proofs={row["seq"]: bytes(row["leaf"]) for row in changes},
        newer=_newer(first["head"], before),
        older=changes[-1]["seq"] if changes and changes[-1]["seq"] > 1 else None,
    )


def _change(row: Row, key: CustomerKey) -> RecentChange:
    return RecentChange(unseal(bytes(row["entry"]), key), delivered(row["delivered"]))


def _newer(head: int, before: int) -> int | None:
    """Numbers have no gaps within a record, so the page before this one can be told from its beginning."""
    return min(before + PAGE, head + 1) if before <= head else None
