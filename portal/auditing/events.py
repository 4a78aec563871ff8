"""What happened at the doors and belongs to no customer, as auditors read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.auditing.cursor import Direction, EventCursor
from portal.db.database import Database

READ = """
SELECT id, at, last_at, count, action, facts FROM portal.security_event
WHERE {where} ORDER BY at {order}, id {order} LIMIT %(limit)s + 1
"""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are asked for; None asks for all."""

    kind: str | None = None
    after: datetime | None = None
    before: datetime | None = None

    def where(self) -> list[str]:
        """The conditions that are asked for and no others."""
        conditions = {"action = %(kind)s": self.kind, "at >= %(after)s": self.after, "at < %(before)s": self.before}
        return [text for text, value in conditions.items() if value is not None]


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """`count` times the same, between `at` and `last_at`."""

    id: UUID
    at: datetime
    last_at: datetime
    count: int
    action: str
    facts: Mapping[str, str]

    @property
    def cursor(self) -> EventCursor:
        return EventCursor(self.at, self.id)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events, newest first; `more` says whether there are others in the direction that was asked for."""

    events: list[SecurityEvent]
    more: bool


async def read_events(
    database: Database, asked: EventFilter, cursor: EventCursor | None = None,
    direction: Direction = Direction.OLDER, *, limit: int,
) -> EventPage:  # fmt: skip
    """One page of the security events."""
    conditions = asked.where()
    params: dict[str, Any] = {"kind": asked.kind, "after": asked.after, "before": asked.before, "limit": limit}
    if cursor is not None:
        sign = "<" if direction is Direction.OLDER else ">"
        conditions.append(f"(at, id) {sign} (%(c_at)s, %(c_id)s)")
        params |= {"c_at": cursor.at, "c_id": cursor.id}
    order = "DESC" if direction is Direction.OLDER else "ASC"
    rows = await database.fetch_all(READ.format(where=" AND ".join(conditions) or "true", order=order), params)
    found = [SecurityEvent(**row) for row in rows[:limit]]
    return EventPage(found if direction is Direction.OLDER else found[::-1], len(rows) > limit)
