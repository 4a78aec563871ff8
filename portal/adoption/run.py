"""How far the bringing in of one source has come: a row, so that whoever goes on knows where, and a lock, so that only
one does."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from psycopg.types.json import Jsonb

from portal import clock
from portal.db.database import Database
from portal.errors import Conflict
from portal.work import transaction

OPEN = """
    SELECT id, source, began_at, place, through, new, matched, doubtful, refused, reasons::text AS reasons
    FROM portal.adoption WHERE source = %s AND ended_at IS NULL"""
ABANDON = "UPDATE portal.adoption SET ended_at = clock_timestamp() WHERE source = %s AND ended_at IS NULL"
BEGIN = """
    INSERT INTO portal.adoption (id, source, began_by) VALUES (%s, %s, %s)
    ON CONFLICT (source) WHERE ended_at IS NULL DO UPDATE SET went_on_at = clock_timestamp()"""
KEEP = """
    UPDATE portal.adoption SET place = %(place)s, through = %(through)s, new = %(new)s, matched = %(matched)s,
        doubtful = %(doubtful)s, refused = %(refused)s, reasons = %(reasons)s,
        ended_at = CASE WHEN %(place)s::text IS NULL THEN clock_timestamp() END
    WHERE id = %(id)s"""

# Held by a transaction of its own, which sees nothing and so keeps nothing from being cleaned up: whoever dies gives it
# back at once, also behind a pool that shares connections.
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('portal adoption', 0))"


@dataclass(slots=True)
class Run:
    """Attributes:
    place: after which to go on, in the source's own words.
    through: how many people have been gone through.
    refused: of the new and matched, those whom the CRM will not have tied.
    reasons: how many are doubtful for each reason; and of how many something is left out.
    """

    id: UUID
    source: str
    began_at: datetime
    place: str | None = None
    through: int = 0
    new: int = 0
    matched: int = 0
    doubtful: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


@asynccontextmanager
async def alone(database: Database) -> AsyncIterator[None]:
    """Nobody else brings customers in meanwhile.

    Raises:
        Conflict: somebody does already.
    """
    from sqlalchemy import text  # by who needs it: see portal.db.database

    async with transaction(database) as connection:
        await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        if not (await connection.execute(text(LOCK))).scalar_one():
            raise Conflict("Customers are being brought in already, by another command. Wait for it, or end it.")
        yield


async def found(database: Database, source: str) -> Run | None:
    """The run of a source that was broken off."""
    row = await database.fetch_one(OPEN, [source])
    return None if row is None else Run(**row | {"reasons": Counter(json.loads(row["reasons"]))})


def fresh(source: str) -> Run:
    """A run that nobody writes down."""
    return Run(clock.uuid7(), source, clock.now())


async def begin(database: Database, source: str, by: str, *, again: bool) -> Run:
    """Go on with a run that was broken off, or begin one; `again` begins in any case."""
    if again:
        await database.fetch_all(ABANDON, [source])
    await database.fetch_all(BEGIN, [clock.uuid7(), source, by])
    run = await found(database, source)
    assert run is not None
    return run


async def keep(database: Database, run: Run) -> None:
    """Write down how far it is; without a place, it has ended."""
    counts = {name: getattr(run, name) for name in ("id", "place", "through", "new", "matched", "doubtful", "refused")}
    await database.fetch_all(KEEP, counts | {"reasons": Jsonb(run.reasons)})
