"""What auditors read of the change log. The statement that reads also writes down who read it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from portal.audit.cipher import KeyRing, Undecipherable, WrappedKey
from portal.audit.entry import Entry, unseal
from portal.auditing.cursor import Cursor, Direction
from portal.db.database import Database, Row

PAGE = 50

READ = """
WITH candidates AS MATERIALIZED (
    SELECT r.customer_id, r.seq, r.at, r.entry, r.leaf, c.number
    FROM portal.change_record r JOIN portal.customer c ON c.id = r.customer_id
    WHERE {where} ORDER BY r.at {order}, r.customer_id {order}, r.seq {order} LIMIT %(limit)s + 1
), page AS MATERIALIZED (
    SELECT * FROM candidates r ORDER BY r.at {order}, r.customer_id {order}, r.seq {order} LIMIT %(limit)s
), written_down AS (
    INSERT INTO portal.access_record (customer_id, id, actor_kind, actor_id, actor_name, via)
    SELECT customer_id, gen_random_uuid(), 'auditor', %(reader_id)s, %(reader_name)s, 'audit'
    FROM (SELECT DISTINCT customer_id FROM page) seen
)
SELECT p.*, k.wrapped, k.wrapped_by, (SELECT count(*) FROM candidates) > %(limit)s AS more,
    (SELECT count(*) FROM portal.sync_state y WHERE y.customer_id = p.customer_id) AS wanted,
    (SELECT count(*) FROM portal.sync_state y WHERE y.customer_id = p.customer_id AND y.synced_seq >= p.seq) AS reached
FROM page p
LEFT JOIN keys.customer_key k ON k.customer_id = p.customer_id
ORDER BY p.at DESC, p.customer_id DESC, p.seq DESC
"""

PER_DAY = """
SELECT (r.at AT TIME ZONE %(zone)s)::date AS day, count(*) AS count
FROM portal.change_record r JOIN portal.customer c ON c.id = r.customer_id
WHERE {where} GROUP BY 1 ORDER BY 1
"""

DELIVERIES = """
SELECT o.label, s.status, s.last_error, (
    SELECT min(d.at) FROM portal.delivery d
    WHERE d.customer_id = s.customer_id AND d.connector = s.connector AND d.through_seq >= %(seq)s) AS at
FROM portal.sync_state s JOIN portal.connector o ON o.name = s.connector
WHERE s.customer_id = %(customer)s ORDER BY o.name
"""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which changes are asked for; None asks for all. `action` is a whole action or a subject (`note`)."""

    customer: str | None = None
    actor: str | None = None
    action: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    record: UUID | None = None
    seq: int | None = None

    def where(self) -> tuple[str, dict[str, Any]]:
        """The conditions that are asked for and no others, so that each question gets a plan of its own."""
        conditions = {
            "c.number = %(customer)s": self.customer,
            "r.actor_kind = %(actor)s": self.actor,
            "(r.action = %(action)s OR r.action LIKE %(subject)s)": self.action,
            "r.at >= %(after)s": self.after,
            "r.at < %(before)s": self.before,
            "r.customer_id = %(record)s": self.record,
            "r.seq = %(seq)s": self.seq,
        }
        params = {name: getattr(self, name) for name in ("customer", "actor", "action", "after", "before")}
        params |= {"record": self.record, "seq": self.seq, "subject": f"{self.action}:%"}
        return " AND ".join(text for text, value in conditions.items() if value is not None) or "true", params


@dataclass(frozen=True, slots=True)
class Reader:
    """The auditor whose reading is written down."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """A change with what the log knows around it. `entry` is None where it cannot be read: `verify` says why.
    `reached` of `wanted` CRMs have it."""

    customer_id: UUID
    number: str
    seq: int
    at: datetime
    entry: Entry | None
    data: bytes
    leaf: bytes
    wanted: int
    reached: int

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.at, self.customer_id, self.seq)


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
    order = "DESC" if direction is Direction.OLDER else "ASC"
    params |= {"limit": limit, "reader_id": reader.id, "reader_name": reader.name}
    rows = await database.fetch_all(READ.format(where=where, order=order), params)
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


async def changes_per_day(database: Database, asked: LogFilter, zone: str) -> dict[date, int]:
    """How many changes on each day of a time zone."""
    where, params = asked.where()
    rows = await database.fetch_all(PER_DAY.format(where=where), params | {"zone": zone})
    return {row["day"]: row["count"] for row in rows}


async def deliveries(database: Database, customer_id: UUID, seq: int) -> list[Row]:
    """Where a change is: per connector its label, status, last error, and since when its CRM has it."""
    return await database.fetch_all(DELIVERIES, {"customer": customer_id, "seq": seq})


def _logged(row: Row, keys: KeyRing) -> LoggedChange:
    return LoggedChange(
        customer_id=row["customer_id"],
        number=row["number"],
        seq=row["seq"],
        at=row["at"],
        entry=_entry(row, keys),
        data=bytes(row["entry"]),
        leaf=bytes(row["leaf"]),
        wanted=row["wanted"],
        reached=row["reached"],
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
