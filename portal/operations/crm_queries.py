"""One CRM as its operator's page shows it, in one statement, without a personal value in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.crm.said import in_words
from portal.db.database import Database, Row

PARKED_SHOWN = 50
EVENTS_SHOWN = 30
MINUTES = 60

LOOK = """
SELECT clock_timestamp() AS at, o.name, o.label, o.paused_at, o.paused_by, o.polled_at,
    g.open_until, g.opened_at, g.shut_until, g.rate_calls, g.rate_seconds, g.remaining, g.remaining_of, g.resets_at,
    least(g.rate_calls, g.tokens + extract(epoch FROM clock_timestamp() - g.filled_at) * g.rate_calls / g.rate_seconds)
        AS tokens,
    unconfirmed.records AS unconfirmed, unconfirmed.since AS unconfirmed_since,
    g.last_error, g.last_error_at, g.swept_at, g.resyncing_since, g.resynced_at,
    coalesce(due.behind, 0) AS behind, due.waiting_since,
    parked.parked, parked.records, recent.events, series.minutes, drifted.drifted
FROM portal.connector o LEFT JOIN portal.connector_gate g ON g.connector = o.name
LEFT JOIN portal.connector_backlog_v1 due ON due.connector = o.name
CROSS JOIN LATERAL (
    SELECT count(*) AS records, min(s.wanted_at) AS since FROM portal.sync_state s
    WHERE s.connector = o.name AND s.wanted_at IS NOT NULL AND s.confirmed_at IS NULL) unconfirmed
CROSS JOIN LATERAL (
    SELECT count(*) AS parked, jsonb_agg(jsonb_build_object('id', p.id, 'number', p.number, 'attempts', p.attempts,
            'says', p.last_error, 'remote_id', p.remote_id) ORDER BY p.number) FILTER (WHERE p.place <= %(parked)s)
        AS records
    FROM (
        SELECT k.id, k.number, s.attempts, s.last_error, s.remote_id, row_number() OVER (ORDER BY k.number) AS place
        FROM portal.sync_state s JOIN portal.customer k ON k.id = s.customer_id
        WHERE s.connector = o.name AND s.status = 'parked') p) parked
CROSS JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(e) ORDER BY e.id DESC) AS events FROM (
        SELECT v.id, v.at, v.event, coalesce(t.name, v.actor) AS actor, k.number, v.facts
        FROM portal.sync_event v LEFT JOIN portal.customer k ON k.id = v.customer_id
        LEFT JOIN portal.staff t ON t.id::text = v.actor
        WHERE v.connector = o.name ORDER BY v.id DESC LIMIT %(events)s) e) recent
CROSS JOIN LATERAL (
    SELECT count(*) AS drifted FROM portal.sync_event v
    WHERE v.connector = o.name AND v.event = 'drift' AND v.at > clock_timestamp() - interval '1 day') drifted
CROSS JOIN LATERAL (
    SELECT jsonb_agg(to_jsonb(m) ORDER BY m.minute) AS minutes FROM (
        SELECT date_trunc('minute', a.at) AS minute, max(a.backlog) AS backlog, max(a.lag) AS lag,
            max(a.parked) AS parked, sum(a.delivered) AS delivered, sum(a.calls) AS calls
        FROM portal.sync_sample a
        WHERE a.connector = o.name AND a.at > clock_timestamp() - %(minutes)s * interval '1 minute'
        GROUP BY 1) m) series
WHERE o.name = %(connector)s
"""


@dataclass(frozen=True, slots=True)
class Parked:
    """A record that the CRM refuses; `says` is why, in the reader's language or in the CRM's own words."""

    id: UUID
    number: str
    attempts: int
    says: str
    remote_id: str


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the journal. `number` is the customer's, where it is about one."""

    at: datetime
    event: str
    actor: str
    number: str | None
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Minute:
    """How it went: at most so many waiting, the oldest for `lag` seconds; so many delivered, so many calls."""

    at: datetime
    backlog: int
    lag: float
    delivered: int
    calls: int


@dataclass(frozen=True, slots=True)
class Crm:
    """`row` has the plain columns of the statement."""

    row: Row
    parked: tuple[Parked, ...]
    happenings: tuple[Happening, ...]
    minutes: tuple[Minute, ...]


async def crm(database: Database, name: str) -> Crm | None:
    """One CRM at this moment, on the database's clock; None if there is none of this name."""
    asked = {"connector": name, "parked": PARKED_SHOWN, "events": EVENTS_SHOWN, "minutes": MINUTES}
    row = await database.fetch_one(LOOK, asked, retry=True)
    if row is None:
        return None
    return Crm(
        row=row,
        parked=tuple(_parked(raw) for raw in row["records"] or ()),
        happenings=tuple(_happening(raw) for raw in row["events"] or ()),
        minutes=tuple(_minute(raw) for raw in row["minutes"] or ()),
    )


def _parked(raw: dict[str, Any]) -> Parked:
    return Parked(UUID(raw["id"]), raw["number"], raw["attempts"], in_words(raw["says"]), raw["remote_id"] or "")


def _happening(raw: dict[str, Any]) -> Happening:
    return Happening(datetime.fromisoformat(raw["at"]), raw["event"], raw["actor"], raw["number"], raw["facts"])


def _minute(raw: dict[str, Any]) -> Minute:
    at = datetime.fromisoformat(raw["minute"])
    return Minute(at, raw["backlog"], round(raw["lag"], 1), int(raw["delivered"]), int(raw["calls"]))
