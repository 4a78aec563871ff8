"""What happened at the doors and belongs to no customer's chain: a row that can be searched, and a line in the log."""

import structlog
from psycopg.types.json import Jsonb

from portal import clock
from portal.db.database import Database

log = structlog.get_logger(__name__)

NOTE = "INSERT INTO portal.security_event (id, action, facts) VALUES (%s, %s, %s)"


async def note_event(database: Database, action: str, **facts: str) -> None:
    """Write an event down. `facts` name no person and hold no secret."""
    log.info("security event", action=action, **facts)
    await database.fetch_all(NOTE, [clock.uuid7(), action, Jsonb(facts)])
