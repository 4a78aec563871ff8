"""Why a job is not done: kept for whoever runs the portal, without a personal value."""

import structlog
from procrastinate.jobs import Job

from portal.db.database import Database
from portal.jobs.task import NotDone
from portal.logs import describe

log = structlog.get_logger(__name__)

NOTE = """
INSERT INTO jobs.failure AS f (job_id, why) VALUES (%s, %s)
ON CONFLICT (job_id) DO UPDATE SET at = clock_timestamp(), why = excluded.why
"""


async def note(database: Database, job: Job, error: Exception) -> None:
    """Write down why an attempt failed."""
    why = str(error) if isinstance(error, NotDone) else describe(error)
    log.warning("job failed", task=job.task_name, job=job.id, attempts=job.attempts + 1, why=why)
    await database.fetch_all(NOTE, [job.id, why])
