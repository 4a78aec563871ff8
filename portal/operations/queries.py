"""How the synchronisation is doing, in one statement, without a personal value in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.crm.said import in_words
from portal.db.database import Database
from portal.jobs.status import STATUS as JOBS
from portal.jobs.status import TaskStatus, read

PARKED_SHOWN = 20
"""How many parked records are listed for each CRM; the figure beside them counts all."""

SEEN_LATELY = timedelta(seconds=10)
"""A worker that has not shown itself for as long is counted no more: it shows itself every five seconds."""

SILENT = timedelta(minutes=1)
"""After as long it is gone: a break of the database, or of the network, would be over."""

OVERVIEW = f"""
SELECT clock_timestamp() AS at, current_setting('server_version') AS postgresql,
    (SELECT version_num FROM portal.alembic_version) AS migration,
    (SELECT jsonb_agg(to_jsonb(w) ORDER BY w.seen_at DESC) FROM (
        SELECT id, started_at, seen_at FROM portal.worker
        WHERE seen_at > clock_timestamp() - interval '1 hour' OR seen_at = (SELECT max(seen_at) FROM portal.worker)
        ORDER BY seen_at DESC LIMIT 50) w) AS workers,
    (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.label) FROM (
        SELECT o.name, o.label, o.polled_at, o.paused_at, g.open_until,
            coalesce(due.behind, 0) AS behind, due.waiting_since, parked.*, done.*
        FROM portal.connector o
        LEFT JOIN portal.connector_gate g ON g.connector = o.name
        LEFT JOIN portal.connector_backlog_v1 due ON due.connector = o.name
        CROSS JOIN LATERAL (
            SELECT count(*) AS parked, (jsonb_agg(jsonb_build_object(
                    'number', p.number, 'attempts', p.attempts, 'says', p.last_error) ORDER BY p.number)
                FILTER (WHERE p.place <= %(shown)s)) AS parked_records
            FROM (
                SELECT k.number, s.attempts, s.last_error, row_number() OVER (ORDER BY k.number) AS place
                FROM portal.sync_state s JOIN portal.customer k ON k.id = s.customer_id
                WHERE s.connector = o.name AND s.status = 'parked') p) parked
        CROSS JOIN LATERAL (
            SELECT (SELECT max(d.at) FROM portal.delivery d WHERE d.connector = o.name) AS last_delivery,
                count(*) FILTER (WHERE d.at > now() - interval '1 minute') AS last_minute, count(*) AS last_quarter
            FROM portal.delivery d WHERE d.connector = o.name AND d.at > now() - interval '15 minutes') done
        ) c) AS connectors,
    (SELECT jsonb_agg(j.task) FROM ({JOBS}) j) AS tasks
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Worker:
    id: UUID
    started_at: datetime
    seen_at: datetime
    here: bool
    gone: bool


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A record that a CRM refuses until somebody acts; `says` is why, in words."""

    number: str
    attempts: int
    says: str


@dataclass(frozen=True, slots=True)
class ConnectorHealth:
    """`behind` records have changes that this CRM does not have yet, the oldest of them since `waiting_since`.
    `open_until`: it does not answer, and is left alone until then."""

    name: str
    label: str
    polled_at: datetime | None
    paused_at: datetime | None
    open_until: datetime | None
    behind: int
    waiting_since: datetime | None
    parked: int
    parked_records: tuple[ParkedRecord, ...]
    last_delivery: datetime | None
    last_minute: int
    last_quarter: int


@dataclass(frozen=True, slots=True)
class Overview:
    at: datetime
    postgresql: str
    migration: str
    workers: tuple[Worker, ...]
    connectors: tuple[ConnectorHealth, ...]
    tasks: Mapping[str, TaskStatus]

    @property
    def workers_here(self) -> int:
        return sum(worker.here for worker in self.workers)

    @property
    def behind(self) -> int:
        return sum(connector.behind for connector in self.connectors)

    @property
    def parked(self) -> int:
        return sum(connector.parked for connector in self.connectors)


async def overview(database: Database) -> Overview:
    """Workers, connectors, jobs and versions at this moment, on the database's clock."""
    row = await database.fetch_one(OVERVIEW, {"shown": PARKED_SHOWN}, retry=True)
    assert row is not None
    at: datetime = row["at"]
    return Overview(
        at=at,
        postgresql=row["postgresql"],
        migration=row["migration"],
        workers=tuple(_worker(raw, at) for raw in row["workers"] or ()),
        connectors=tuple(_connector(raw) for raw in row["connectors"] or ()),
        tasks={raw["task"]: read(raw) for raw in row["tasks"] or ()},
    )


def _worker(raw: dict[str, Any], at: datetime) -> Worker:
    seen_at = datetime.fromisoformat(raw["seen_at"])
    unseen = at - seen_at
    started_at = datetime.fromisoformat(raw["started_at"])
    return Worker(UUID(raw["id"]), started_at, seen_at, here=unseen < SEEN_LATELY, gone=unseen >= SILENT)


def _connector(raw: dict[str, Any]) -> ConnectorHealth:
    moments = ("polled_at", "paused_at", "open_until", "waiting_since", "last_delivery")
    parked = tuple(ParkedRecord(p["number"], p["attempts"], in_words(p["says"])) for p in raw["parked_records"] or ())
    told = {name: datetime.fromisoformat(raw[name]) if raw[name] else None for name in moments}
    return ConnectorHealth(**{**raw, **told, "parked_records": parked})
