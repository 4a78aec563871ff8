"""How the jobs are doing, for whoever runs the portal; without a personal value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.db.database import Database

STATUS = """
SELECT to_jsonb(s) || jsonb_build_object('failures', (
    SELECT jsonb_agg(f.value || jsonb_build_object('number', c.number) ORDER BY f.ordinality)
    FROM jsonb_array_elements(s.failures) WITH ORDINALITY f
    LEFT JOIN portal.customer c ON c.id = (f.value->>'customer')::uuid)) AS task
FROM jobs.status_v1(%(shown)s) s
"""
"""A row for each task that has jobs, to be `read`; `shown` is how many of those that failed are told one by one."""

AGAIN = """
UPDATE jobs.procrastinate_jobs SET status = 'todo', attempts = 0, scheduled_at = NULL
WHERE task_name = %(task)s AND status = 'failed' AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job that is not tried any more. `number` is the customer's, `why` what was noted."""

    id: int
    number: str
    kind: str
    attempts: int
    at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class TaskStatus:
    """The jobs of one task. `failing` of those that wait were tried already, the last one failed because of `why`."""

    task: str
    waiting: int = 0
    waiting_since: datetime | None = None
    failing: int = 0
    why: str = ""
    failed: int = 0
    failures: tuple[FailedJob, ...] = ()


async def status(database: Database, *, shown: int = 20) -> dict[str, TaskStatus]:
    """Each task that has jobs, by its name, with the last few that failed for good."""
    rows = await database.fetch_all(STATUS, {"shown": shown}, retry=True)
    return {row["task"]["task"]: read(row["task"]) for row in rows}


def read(raw: Mapping[str, Any]) -> TaskStatus:
    """A row of STATUS."""
    since, failures = raw["waiting_since"], raw["failures"] or ()
    return TaskStatus(
        task=raw["task"],
        waiting=raw["waiting"],
        waiting_since=datetime.fromisoformat(since) if since else None,
        failing=raw["failing"],
        why=raw["why"] or "",
        failed=raw["failed"],
        failures=tuple(_failed(one) for one in failures),
    )


def _failed(raw: Mapping[str, Any]) -> FailedJob:
    return FailedJob(
        id=raw["id"],
        number=raw["number"] or "",
        kind=raw["kind"] or "",
        attempts=raw["attempts"],
        at=datetime.fromisoformat(raw["at"]) if raw["at"] else None,
        why=raw["why"] or "",
    )


async def again(database: Database, task: str, ids: list[int] | None = None) -> int:
    """Try what failed for good again: these jobs of a task, or all of them; gives how many that is."""
    return len(await database.fetch_all(AGAIN, {"task": task, "ids": ids or None}))
