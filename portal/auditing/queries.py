"""What auditors read of the change log. The statement that reads also writes down who read it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal import clock
from portal.audit.cipher import KeyRing, Undecipherable, WrappedKey
from portal.audit.entry import Entry, unseal
from portal.auditing.cursor import Cursor, Direction
from portal.auditing.reached import Reached
from portal.db.database import Database, Row
from portal.record.delivery import Delivery, delivered, delivery
from portal.sync.waiting import LOST_BY, Stop, stops

PAGE = 50

READ = """
WITH candidates AS MATERIALIZED (
    SELECT r.customer_id, r.seq, r.at, r.entry, r.leaf, c.number
    FROM {source} JOIN portal.customer c ON c.id = r.customer_id
    WHERE {where} ORDER BY {by}r.at {order}, r.customer_id {order}, r.seq {order} LIMIT %(limit)s + 1
), page AS MATERIALIZED (
    SELECT * FROM candidates r ORDER BY r.at {order}, r.customer_id {order}, r.seq {order} LIMIT %(limit)s
), written_down AS (
    INSERT INTO portal.access_record (customer_id, id, actor_kind, actor_id, actor_name, via)
    SELECT customer_id, gen_random_uuid(), 'auditor', %(reader_id)s, %(reader_name)s, 'audit'
    FROM (SELECT DISTINCT customer_id FROM page) seen
), states AS MATERIALIZED (
    SELECT t.customer_id, jsonb_agg(to_jsonb(t) - 'customer_id' ORDER BY t.connector) AS sync
    FROM portal.delivery_state_v1 t WHERE t.customer_id IN (SELECT customer_id FROM page) GROUP BY t.customer_id
)
SELECT p.*, k.wrapped, k.wrapped_by, (SELECT count(*) FROM candidates) > %(limit)s AS more, t.sync,
    (SELECT jsonb_object_agg(s.connector, d.at) FROM portal.sync_state s CROSS JOIN LATERAL (
        SELECT e.at FROM portal.delivery e
        WHERE e.customer_id = p.customer_id AND e.connector = s.connector AND e.through_seq >= p.seq
        ORDER BY e.through_seq LIMIT 1) d
        WHERE s.customer_id = p.customer_id) AS delivered
FROM page p
LEFT JOIN states t ON t.customer_id = p.customer_id
LEFT JOIN keys.customer_key k ON k.customer_id = p.customer_id
ORDER BY p.at DESC, p.customer_id DESC, p.seq DESC
"""

EVERY_CHANGE = "portal.change_record r"
SUBJECT = "split_part(r.action, ':', 1)"

# What waits is found from the records that are behind, of which there is an index: nobody asks every change that ever
# was. Whoever is to be forgotten somewhere has nothing that waits there.
BEHIND = "portal.sync_state y WHERE y.synced_seq < y.desired_seq AND y.wanted <> 'erased'"
OF_THOSE_BEHIND = """(SELECT x.* FROM (
        SELECT y.customer_id, min(y.synced_seq) AS through FROM {behind} GROUP BY y.customer_id) w
    CROSS JOIN LATERAL (
        SELECT q.* FROM portal.change_record q
        WHERE q.customer_id = w.customer_id AND q.seq > w.through OFFSET 0) x) r"""
# Nothing is in a CRM that has erased the person, or whose contact is gone: portal/sync/waiting.py.
THERE = """EXISTS (SELECT FROM portal.sync_state z WHERE z.customer_id = r.customer_id)
    AND NOT EXISTS (
        SELECT FROM portal.sync_state y WHERE y.customer_id = r.customer_id AND (
            y.synced_seq < r.seq OR y.wanted = 'erased' AND y.confirmed_at IS NOT NULL
            OR y.wanted <> 'erased' AND y.status IN ('parked', 'skipped') AND y.push_due_at IS NULL
                AND y.last_error = ANY (%(lost)s::text[])))"""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which changes are asked for; None asks for all. `action` is a subject (`note`)."""

    customer: str | None = None
    actor: str | None = None
    action: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    record: UUID | None = None
    seq: int | None = None
    delivery: Reached | None = None

    def where(self) -> tuple[str, dict[str, Any]]:
        """The conditions that are asked for and no others, so that each question gets a plan of its own."""
        conditions = {
            "c.number = %(customer)s": self.customer,
            "r.actor_kind = %(actor)s": self.actor,
            f"{SUBJECT} = %(action)s": self.action,
            "r.at >= %(after)s": self.after,
            "r.at < %(before)s": self.before,
            "r.customer_id = %(record)s": self.record,
            "r.seq = %(seq)s": self.seq,
        }
        params = {name: getattr(self, name) for name in ("customer", "actor", "action", "after", "before")}
        params |= {"record": self.record, "seq": self.seq, "lost": list(LOST_BY)}
        asked = [text for text, value in conditions.items() if value is not None]
        asked += [THERE] if self.delivery is Reached.EVERYWHERE else []
        return " AND ".join(asked) or "true", params

    @property
    def source(self) -> str:
        """Where the changes come from."""
        if self.delivery is Reached.WAITING:
            return OF_THOSE_BEHIND.format(behind=BEHIND)
        if self.delivery is Reached.PARKED:
            return OF_THOSE_BEHIND.format(behind=f"{BEHIND} AND y.status IN ('parked', 'skipped')")
        return EVERY_CHANGE

    @property
    def of_everybody(self) -> bool:
        """Whether it asks for nothing that is not counted beforehand: portal/record/count_changes_v1.sql."""
        return self.customer is None and self.record is None and self.seq is None and self.delivery is None


@dataclass(frozen=True, slots=True)
class Reader:
    """The auditor whose reading is written down."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """A change with what the log knows around it. `entry` is None where it cannot be read: `verify` says why.
    `deliveries` say how far each CRM is with the record, `delivered` when it had this change; absent while it waits."""

    customer_id: UUID
    number: str
    seq: int
    at: datetime
    entry: Entry | None
    data: bytes
    leaf: bytes
    deliveries: tuple[Delivery, ...]
    delivered: Mapping[str, datetime]

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.at, self.customer_id, self.seq)

    @property
    def stops(self) -> list[Stop]:
        """Where it is with each CRM."""
        return stops(self.deliveries, self.seq, self.at, self.delivered, clock.now())


@dataclass(frozen=True, slots=True)
class LogPage:
    """Changes, newest first; `more` says whether there are others in the direction that was asked for."""

    changes: list[LoggedChange]
    more: bool


async def read_log(
    database: Database, keys: KeyRing, asked: LogFilter, reader: Reader, cursor: Cursor | None = None,
    direction: Direction = Direction.OLDER, limit: int = PAGE,
) -> LogPage:  # fmt: skip
    """One page of the change log, in one statement."""
    where, params = asked.where()
    if cursor is not None:
        sign = "<" if direction is Direction.OLDER else ">"
        where += f" AND (r.at, r.customer_id, r.seq) {sign} (%(c_at)s, %(c_customer)s, %(c_seq)s)"
        params |= {"c_at": cursor.at, "c_customer": cursor.customer_id, "c_seq": cursor.seq}
    order, reverse = ("DESC", "ASC") if direction is Direction.OLDER else ("ASC", "DESC")
    # Of one subject there is no other order. Under row-level security, PostgreSQL does not see that, and an index where
    # the newest of a subject stand together is none in this order to it until it is told.
    by = f"{SUBJECT} {reverse}, " if asked.action else ""
    params |= {"limit": limit, "reader_id": reader.id, "reader_name": reader.name}
    rows = await database.fetch_all(READ.format(source=asked.source, where=where, by=by, order=order), params)
    return LogPage([_logged(row, keys) for row in rows], bool(rows and rows[0]["more"]))


async def every_change(
    database: Database, keys: KeyRing, asked: LogFilter, reader: Reader
) -> AsyncIterator[LoggedChange]:
    """All that a filter shows, newest first, read page by page so that no statement and no memory grows with it."""
    cursor: Cursor | None = None
    more = True
    while more:
        page = await read_log(database, keys, asked, reader, cursor, limit=500)
        for change in page.changes:
            yield change
        more = page.more
        cursor = page.changes[-1].cursor if page.changes else None


def _logged(row: Row, keys: KeyRing) -> LoggedChange:
    return LoggedChange(
        customer_id=row["customer_id"],
        number=row["number"],
        seq=row["seq"],
        at=row["at"],
        entry=_entry(row, keys),
        data=bytes(row["entry"]),
        leaf=bytes(row["leaf"]),
        deliveries=tuple(map(delivery, row["sync"] or ())),
        delivered=delivered(row["delivered"]),
    )


def _entry(row: Row, keys: KeyRing) -> Entry | None:
    try:
        key = (
            keys.unwrap(row["customer_id"], WrappedKey(bytes(row["wrapped"]), row["wrapped_by"]))
            if row["wrapped"]
            else None
        )
        return unseal(bytes(row["entry"]), key)
    except (ValueError, Undecipherable):
        return None
