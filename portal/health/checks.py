"""Is everything there that the portal needs?"""

import asyncio

import psycopg

from portal.db.database import Database
from portal.db.migrations import head

SECONDS_TO_ANSWER = 1.0

LOOK = """
SELECT (SELECT version_num FROM portal.alembic_version) AS version,
    (SELECT count(*) FROM portal.worker WHERE seen_at > clock_timestamp() - interval '10 seconds') AS workers
"""


async def problems(database: Database) -> dict[str, str | None]:
    """What is wrong with each thing that was looked at; None where all is well.

    During an update two versions of the portal run side by side: a schema that is newer than this one is good.
    """
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            row = await database.fetch_one(LOOK)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return {"database": None, "migrations": "the schema is missing or old", "workers": "not looked at"}
    except (psycopg.Error, TimeoutError):
        return {"database": "does not answer", "migrations": "not looked at", "workers": "not looked at"}
    assert row is not None
    return {
        "database": None,
        "migrations": None if (row["version"] or "") >= head() else "the schema is older than this version",
        "workers": None if row["workers"] else "none was seen in the last 10 seconds",
    }
