"""What tests of jobs do, and what they look at."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

from portal.db.database import Database, Row
from portal.record.change import Intention, Outcome, change
from portal.record.job import Job, Jobs
from portal.record.read import StoredRecord
from portal.record.store import RecordStore
from tests.builders import SYSTEM

SECONDS = 20.0


def once(task: str = "noted", **args: str) -> Jobs:
    """One job for a change."""
    return lambda _record: [Job(task, args)]


async def a_change_with(store: RecordStore, whose: StoredRecord, jobs: Jobs, call_me: str | None = None) -> Outcome:
    """A change that has jobs."""
    values = {"profile/call_me": call_me or f"A{uuid4().hex[:8]}"}
    return await change(store, whose.record.id, Intention("profile:changed", SYSTEM, uuid4(), jobs=jobs), values)


async def jobs_of(database: Database, whose: StoredRecord | None = None) -> list[Row]:
    """The jobs that are there, with why they failed, the oldest first."""
    customer = str(whose.record.id) if whose else None
    return await database.fetch_all(
        """SELECT j.id, j.task_name, j.queue_name, j.args, j.status::text, j.attempts, f.why
           FROM jobs.procrastinate_jobs j LEFT JOIN jobs.failure f ON f.job_id = j.id
           WHERE %(customer)s::text IS NULL OR j.args->>'customer' = %(customer)s ORDER BY j.id""",
        {"customer": customer},
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.02)


async def until_none_waits(database: Database) -> None:
    async with asyncio.timeout(SECONDS):
        while any(row["status"] in ("todo", "doing") for row in await jobs_of(database)):
            await asyncio.sleep(0.02)
