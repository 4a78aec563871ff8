"""What every worker does besides: saying that it lives, and removing what nobody needs any more."""

from collections.abc import Sequence
from uuid import UUID

from portal.db.database import Database

BEAT = """
    INSERT INTO portal.worker (id, connectors) VALUES (%s, %s)
    ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp()"""
COUNT_CHANGES = "SELECT portal.count_changes_v1() AS quarters"
LEAVE = "DELETE FROM portal.worker WHERE id = %s"

PURGE = (
    # Open pages ask several times a second.
    "DELETE FROM portal.announcement WHERE at < clock_timestamp() - interval '1 minute'",
    # Workers that could not say that they were leaving.
    "DELETE FROM portal.worker WHERE seen_at < clock_timestamp() - interval '1 day'",
    "SELECT FROM portal.identity_purge_v2()",
    "DELETE FROM portal.arrival WHERE expires_at < clock_timestamp()",
    # Whoever did not come back for a month; that somebody was refused is in a chain or in the security events.
    "DELETE FROM portal.pending_login WHERE last_seen_at < clock_timestamp() - interval '30 days'",
    # That they were made, and how they ended, stays in the change log.
    "DELETE FROM portal.invitation WHERE expires_at < clock_timestamp() - interval '30 days'",
    "DELETE FROM portal.security_event WHERE at < clock_timestamp() - interval '1 year'",
)


async def beat(database: Database, worker: UUID, connectors: Sequence[str]) -> None:
    """Be seen, with the names of the connectors that one serves."""
    await database.fetch_all(BEAT, [worker, list(connectors)])


async def leave(database: Database, worker: UUID) -> None:
    """Be gone, and known to be."""
    await database.fetch_all(LEAVE, [worker])


async def purge(database: Database) -> None:
    """Remove what has expired."""
    for statement in PURGE:
        await database.fetch_all(statement)


async def count_changes(database: Database) -> int:
    """Count what was written to the log lately, for the auditors' page; gives how many quarters of an hour."""
    row = await database.fetch_one(COUNT_CHANGES)
    assert row is not None
    return int(row["quarters"])
