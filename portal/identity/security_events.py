"""What happened at the doors and belongs to no customer's chain: a row that can be searched, and a line in the log."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

import structlog
from psycopg.types.json import Jsonb

from portal import clock
from portal.db.database import Database

log = structlog.get_logger(__name__)

EVENTS = UUID("5b1f0f0e-6a55-4c0a-9a51-8d0c9d1f3a77")
"""The namespace of the ids."""

NOTE = """
INSERT INTO portal.security_event AS e (id, action, facts) VALUES (%s, %s, %s)
ON CONFLICT (id) DO UPDATE SET count = e.count + 1, last_at = clock_timestamp()
"""


async def note_event(database: Database, action: str, **facts: str) -> None:
    """Write an event down, or count it once more if the same happened in this minute. `facts` name no person and hold
    no secret."""
    log.info("security event", action=action, **facts)
    await database.fetch_all(NOTE, [_id(clock.now(), action, facts), action, Jsonb(facts)])


def _id(moment: datetime, action: str, facts: Mapping[str, str]) -> UUID:
    """The same for the same in one minute, on whatever machine."""
    return uuid5(EVENTS, json.dumps([int(moment.timestamp() // 60), action, sorted(facts.items())]))
