"""What /metrics says beyond requests: how far the CRMs are behind, and who works."""

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from portal.db.database import Database, Row
from portal.web.metrics import REGISTRY

# The index over due rows answers this; the rows that are up to date are never looked at.
LOOK = """
SELECT c.name AS connector, coalesce(due.backlog, 0) AS backlog, parked.count AS parked,
    greatest(coalesce(extract(epoch FROM clock_timestamp() - due.waiting_since), 0), 0)::float AS lag,
    (c.paused_at IS NOT NULL)::integer AS paused, (g.open_until IS NOT NULL)::integer AS breaker, g.calls,
    least(g.rate_calls, g.tokens + extract(epoch FROM clock_timestamp() - g.filled_at) * g.rate_calls / g.rate_seconds)
        AS budget,
    CASE WHEN g.resets_at IS NULL OR g.resets_at > clock_timestamp() THEN g.remaining END AS calls_left,
    CASE WHEN g.resets_at IS NULL OR g.resets_at > clock_timestamp() THEN g.remaining_of END AS calls_allowed,
    recent.delivered, recent.drift, extract(epoch FROM clock_timestamp() - unconfirmed.since) AS unconfirmed,
    (SELECT count(*) FROM portal.worker WHERE seen_at > clock_timestamp() - interval '10 seconds') AS workers
FROM portal.connector c
LEFT JOIN portal.connector_gate g ON g.connector = c.name
CROSS JOIN LATERAL (
    SELECT (SELECT count(*) FROM portal.delivery d
            WHERE d.connector = c.name AND d.at > clock_timestamp() - interval '1 minute') AS delivered,
        (SELECT count(*) FROM portal.sync_event e
            WHERE e.connector = c.name AND e.event = 'drift' AND e.at > clock_timestamp() - interval '1 day') AS drift
) recent
CROSS JOIN LATERAL (
    SELECT min(s.wanted_at) AS since FROM portal.sync_state s
    WHERE s.connector = c.name AND s.wanted_at IS NOT NULL AND s.confirmed_at IS NULL) unconfirmed
LEFT JOIN portal.connector_backlog_v1 due ON due.connector = c.name
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
    of_database.register(DatabaseMetrics(rows, jobs))
    return generate_latest(_of_processes()) + generate_latest(of_database)


class DatabaseMetrics(Collector):
    def __init__(self, rows: list[Row] | None, jobs: list[Row]) -> None:
        self._rows = rows
        self._jobs = jobs

    def collect(self) -> Iterator[Any]:
        up = GaugeMetricFamily("portal_database_up", "Whether the database answered just now.")
        up.add_metric([], 0 if self._rows is None else 1)
        yield up
        for name, column, words in (
            ("portal_sync_backlog", "backlog", "Records with changes that are not in the CRM yet."),
            ("portal_sync_lag_seconds", "lag", "Seconds since the oldest change that is not in the CRM yet."),
            ("portal_sync_parked", "parked", "Records that a person has to look at."),
            ("portal_sync_paused", "paused", "Whether somebody has paused this CRM."),
            ("portal_sync_breaker_open", "breaker", "Whether this CRM does not answer and is left alone."),
            ("portal_sync_deliveries_last_minute", "delivered", "Deliveries in the last minute."),
            ("portal_sync_drift_last_day", "drift", "Contacts found to differ although nobody told, in the last day."),
            (
                "portal_sync_unconfirmed_seconds",
                "unconfirmed",
                "Seconds since the oldest erasure or restriction that this CRM has not confirmed.",
            ),
        ):
            yield self._of_each(GaugeMetricFamily(name, words, labels=["connector"]), column, absent=0)
        # Where nobody counts there is nothing to show, least of all that nothing is left.
        for name, column, words in (
            ("portal_sync_budget_calls", "budget", "Calls that our own budget for this CRM has left."),
            ("portal_crm_calls_left", "calls_left", "Calls that this CRM said were left."),
            ("portal_crm_calls_allowed", "calls_allowed", "Of so many that this CRM said it allows."),
        ):
            yield self._of_each(GaugeMetricFamily(name, words, labels=["connector"]), column)
        yield self._of_each(CounterMetricFamily("portal_crm_calls", "Calls made.", labels=["connector"]), "calls")
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

    def _of_each(
        self, family: GaugeMetricFamily | CounterMetricFamily, column: str, *, absent: float | None = None
    ) -> GaugeMetricFamily | CounterMetricFamily:
        for row in self._rows or ():
            value = absent if row[column] is None else row[column]
            if value is not None:
                family.add_metric([row["connector"]], float(value))
        return family


def _of_processes() -> CollectorRegistry:
    """This process, or all that share the port: they leave their numbers in a folder (portal.web.serve)."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
