"""Comparing every record with its contact anew: after days without a CRM, a restored backup, a forgotten cursor.

It goes in pages, each when most of the one before is done, so that what customers change meanwhile does not wait behind
a million comparisons. Nothing is overwritten by it: a comparison is the three-way merge of any look.
"""

from datetime import timedelta
from pathlib import Path

from portal.db.database import Database
from portal.sync.events import Event
from portal.sync.line import Line

PAGE = 500

BEGIN = """
    WITH begun AS (
        UPDATE portal.connector_gate SET resyncing_since = clock_timestamp() + %(ahead)s, resynced_through = NULL
        WHERE connector = %(connector)s RETURNING connector
    ),
    written AS (
        INSERT INTO portal.sync_event (at, connector, event, actor)
        SELECT clock_timestamp() + %(ahead)s, b.connector, %(event)s, %(actor)s FROM begun b
    )
    SELECT count(*) AS rows FROM begun"""
NEXT = Path(__file__).with_name("resync.sql").read_text(encoding="utf-8")
PROGRESS = """
    SELECT g.resyncing_since, g.resynced_at,
        (SELECT count(*) FROM portal.sync_state s WHERE s.connector = g.connector AND s.wanted <> 'erased') AS records,
        (SELECT count(*) FROM portal.sync_state s WHERE s.connector = g.connector AND s.wanted <> 'erased'
            AND g.resynced_through IS NOT NULL AND s.customer_id <= g.resynced_through) AS through
    FROM portal.connector_gate g WHERE g.connector = %s"""


async def begin_resync(database: Database, connector: str, *, actor: str, ahead: timedelta = timedelta(0)) -> bool:
    """Have every record compared by the workers, from the beginning. False if there is no such CRM."""
    row = await database.fetch_one(
        BEGIN, {"connector": connector, "event": Event.RESYNC, "actor": actor, "ahead": ahead}
    )
    return row is not None and row["rows"] == 1


async def resync(line: Line) -> int:
    """Mark the next page as due to be read, if one is wanted and it is time; gives how many records it has."""
    row = await line.store.database.fetch_one(NEXT, {"connector": line.name, "page": PAGE, "ahead": line.ahead})
    assert row is not None
    return int(row["rows"])
