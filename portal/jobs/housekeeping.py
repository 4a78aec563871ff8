"""What nobody else looks after: jobs whose worker was killed, and jobs that failed long ago."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from portal.db.database import Database
from portal.jobs.retry import ATTEMPTS

log = structlog.get_logger(__name__)

# One statement, so that two workers who look at the same moment do not both give the same job back: the second one
# would take it away from whoever has begun it anew meanwhile.
BEGIN_ANEW = """
WITH gone AS (
    SELECT j.id, j.attempts + 1 >= %(attempts)s AS hopeless FROM jobs.procrastinate_jobs j
    WHERE j.status = 'doing' AND NOT EXISTS (
        SELECT FROM jobs.procrastinate_workers w
        WHERE w.id = j.worker_id AND w.last_heartbeat > now() - make_interval(secs => %(gone)s))
    FOR UPDATE SKIP LOCKED
), noted AS (
    INSERT INTO jobs.failure AS f (job_id, why) SELECT id, 'the worker that did it is gone' FROM gone
    ON CONFLICT (job_id) DO UPDATE SET at = clock_timestamp(), why = excluded.why
)
UPDATE jobs.procrastinate_jobs t SET attempts = t.attempts + 1, scheduled_at = NULL, abort_requested = false,
    status = CASE WHEN gone.hopeless THEN 'failed' ELSE 'todo' END::jobs.procrastinate_job_status
FROM gone WHERE t.id = gone.id
RETURNING t.id
"""

FORGET_WORKERS = """
DELETE FROM jobs.procrastinate_workers WHERE last_heartbeat < now() - make_interval(secs => %s)
"""

FORGET = """
DELETE FROM jobs.procrastinate_jobs j USING jobs.failure f
WHERE f.job_id = j.id AND j.status NOT IN ('todo', 'doing') AND f.at < now() - make_interval(days => %s)
"""

KEPT_DAYS = 90
"""How long operators can see what failed for good."""


async def tidy(database: Database, *, gone_seconds: float) -> int:
    """Give back what the workers had begun that have not been seen for so long; gives how much that was."""
    begun_anew = await database.fetch_all(BEGIN_ANEW, {"gone": gone_seconds, "attempts": ATTEMPTS})
    if begun_anew:
        log.warning("jobs of a worker that is gone are begun anew", jobs=[row["id"] for row in begun_anew])
    await database.fetch_all(FORGET_WORKERS, [gone_seconds])
    await database.fetch_all(FORGET, [KEPT_DAYS])
    return len(begun_anew)


FORGET_CUSTOMERS = """
DELETE FROM jobs.procrastinate_jobs WHERE status <> 'doing' AND args->>'customer' = ANY(%s)
"""


async def forget_customers(database: Database, customers: Sequence[UUID]) -> None:
    """Remove what was put off for some customers, done or not. A job that is being done ends by itself."""
    await database.fetch_all(FORGET_CUSTOMERS, [[str(customer) for customer in customers]])
