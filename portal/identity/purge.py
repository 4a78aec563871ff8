"""Forgetting what nobody can use any more."""

from portal.db.database import Database


async def purge(database: Database) -> tuple[int, int]:
    """Remove expired sessions and logins under way, at most 5,000 of each: how many of each there were."""
    row = await database.fetch_one("SELECT * FROM portal.identity_purge_v1()")
    assert row is not None
    return row["sessions"], row["transactions"]
