"""What /metrics says beyond requests: how far the CRMs are behind, and who works."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from portal.db.database import Database, Row
from portal.web.metrics import REGISTRY

# The index over due rows answers this; the rows that are up to date are never looked at.
LOOK = """
SELECT c.name AS connector, due.backlog, greatest(due.lag, 0)::float AS lag, parked.count AS parked,
    (SELECT count(*) FROM portal.worker WHERE seen_at > clock_timestamp() - interval '10 seconds') AS workers
FROM portal.connector c
CROSS JOIN LATERAL (
    SELECT count(*) AS backlog, extract(epoch FROM clock_timestamp() - min(push_due_at)) AS lag
    FROM portal.sync_state s WHERE s.connector = c.name AND s.push_due_at IS NOT NULL) due
CROSS JOIN LATERAL (SELECT count(*) FROM portal.sync_state s WHERE s.connector = c.name AND s.status = 'parked') parked
"""


JOBS = "SELECT task, waiting, failing, failed FROM jobs.status_v1(0)"


async def exposition(database: Database) -> bytes:
    """The metrics of this process and of the database, in Prometheus' text format. Two statements are made."""
    rows: list[Row] | None
    try:
        async with asyncio.timeout(2):
            rows, jobs = await database.fetch_all(LOOK), await database.fetch_all(JOBS)
    except (psycopg.Error, TimeoutError):
        rows, jobs = None, []
    of_database = CollectorRegistry()
    of_database.register(_Database(rows, jobs))
    return generate_latest(_of_processes()) + generate_latest(of_database)


class _Database(Collector):
    def __init__(self, rows: list[Row] | None, jobs: list[Row]) -> None:
        self._rows = rows
        self._jobs = jobs

    def collect(self) -> Iterator[Any]:
        up = GaugeMetricFamily("portal_database_up", "Whether the database answered just now.")
        up.add_metric([], 0 if self._rows is None else 1)
        yield up
        for name, column, words in (
            ("portal_sync_backlog", "backlog", "Records with changes that are not in the CRM yet."),
            ("portal_sync_lag_seconds", "lag", "Seconds that the record that waits longest has been due."),
            ("portal_sync_parked", "parked", "Records that a person has to look at."),
        ):
            family = GaugeMetricFamily(name, words, labels=["connector"])
            for row in self._rows or ():
                family.add_metric([row["connector"]], row[column] or 0)
            yield family
        workers = GaugeMetricFamily("portal_workers", "Workers that were seen in the last 10 seconds.")
        if self._rows:
            workers.add_metric([], self._rows[0]["workers"])
        yield workers
        for name, column, words in (
            ("portal_jobs_waiting", "waiting", "Jobs, such as letters, that are to be done."),
            ("portal_jobs_failing", "failing", "Those of them that were tried already."),
            ("portal_jobs_failed", "failed", "Jobs that a person has to look at."),
        ):
            family = GaugeMetricFamily(name, words, labels=["task"])
            for row in self._jobs:
                family.add_metric([row["task"]], row[column])
            yield family


def _of_processes() -> CollectorRegistry:
    """This process, or all that share the port: they leave their numbers in a folder (portal.web.serve)."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
