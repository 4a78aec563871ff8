"""Looking for drift: does a CRM still say what was agreed on, although nobody told of a change?

A page of the records that are at rest is compared at a time, in the order of their ids, at most one a minute for all
workers together. What differs is found out by a look and mended by it, as if the CRM had told of an edit.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace
from psycopg.types.json import Jsonb

from portal.crm.port import Ref, Remote
from portal.record.addresses import home_country
from portal.record.models import Record
from portal.sync.asking import ask
from portal.sync.contacts import by_customer
from portal.sync.current import Current, our_values, read_current
from portal.sync.events import Event
from portal.sync.line import Line
from portal.sync.merge import winners
from portal.sync.points import merge_points
from portal.sync.shown import differing
from portal.sync.state import Claimed
from portal.sync.theirs import in_our_form, their_values

EVERY = timedelta(minutes=1)

# Whoever looks for drift does not take the last calls from those who deliver.
BEGIN = """
    UPDATE portal.connector_gate g SET sweeping_until = clock_timestamp() + %(ahead)s + %(every)s
    FROM portal.connector o
    WHERE g.connector = %(connector)s AND o.name = g.connector AND o.paused_at IS NULL AND g.open_until IS NULL
        AND (g.shut_until IS NULL OR g.shut_until < clock_timestamp() + %(ahead)s)
        AND (g.sweeping_until IS NULL OR g.sweeping_until < clock_timestamp() + %(ahead)s)
        AND (g.rate_calls IS NULL OR portal.gate_tokens_v1(g, clock_timestamp() + %(ahead)s) * 2 > g.rate_calls)
    RETURNING g.swept_through"""

PAGE = """
    SELECT s.customer_id, s.desired_seq, s.synced_seq, s.timeline_seq, s.base, s.remote_id, s.remote_etag AS etag,
        false AS push_due, false AS verify_due, s.pull_due_at, s.attempts, s.status, s.wanted,
        false AS unconfirmed, false AS troubled
    FROM portal.sync_state s
    WHERE s.connector = %(connector)s AND s.status = 'synced' AND (%(after)s::uuid IS NULL OR s.customer_id > %(after)s)
        AND s.push_due_at IS NULL AND s.pull_due_at IS NULL AND s.verify_at IS NULL AND s.lease IS NULL
    ORDER BY s.customer_id LIMIT %(limit)s"""

# Whose row has moved since was told of by somebody, and is no drift.
MARK = """
    WITH drifted AS (
        SELECT * FROM jsonb_to_recordset(%(drifted)s) AS d (customer_id uuid, etag text, facts jsonb)
    ),
    marked AS (
        UPDATE portal.sync_state s SET pull_due_at = clock_timestamp() + %(ahead)s FROM drifted d
        WHERE s.connector = %(connector)s AND s.customer_id = d.customer_id AND s.status = 'synced'
            AND s.push_due_at IS NULL AND s.pull_due_at IS NULL AND s.verify_at IS NULL AND s.lease IS NULL
            AND s.remote_etag IS NOT DISTINCT FROM d.etag
        RETURNING s.customer_id, d.facts
    ),
    written AS (
        INSERT INTO portal.sync_event (at, connector, event, actor, customer_id, facts)
        SELECT clock_timestamp() + %(ahead)s, %(connector)s, %(event)s, %(actor)s, m.customer_id, m.facts FROM marked m
    )
    SELECT count(*) AS rows FROM marked"""

END = """
    UPDATE portal.connector_gate SET swept_through = %(through)s,
        swept_at = CASE WHEN %(through)s::uuid IS NULL THEN clock_timestamp() + %(ahead)s ELSE swept_at END
    WHERE connector = %(connector)s"""


@dataclass(frozen=True, slots=True)
class Swept:
    """A page of it: how many records were compared, how many drifted, and which was the last; None at the end."""

    compared: int
    drifted: int
    through: UUID | None


async def sweep(line: Line, *, size: int, grace: float) -> int:
    """Compare the next page if it is time for one; gives how many records have drifted. With a CRM that only listens
    there is nothing to compare.

    Args:
        size: of the page; 0 is never.
        grace: seconds that the CRM's feed gets to tell of an edit before it counts as untold.
    """
    about = {"connector": line.name, "ahead": line.ahead}
    wanted = size and line.connector.caps.reads
    row = await line.store.database.fetch_one(BEGIN, about | {"every": EVERY}) if wanted else None
    if row is None:
        return 0
    page = await sweep_page(line, row["swept_through"], size=size, grace=grace, actor="engine")
    await line.store.database.fetch_all(END, about | {"through": page.through})
    return page.drifted


async def sweep_page(line: Line, after: UUID | None, *, size: int, grace: float, actor: str) -> Swept:
    """Compare the records at rest after one; what differs is due to be read, and stands in the journal."""
    size = min(size, line.connector.caps.batch_max)
    rows = await line.store.database.fetch_all(PAGE, {"connector": line.name, "after": after, "limit": size})
    claimed = msgspec.convert(rows, list[Claimed])
    differing = await _differing(line, claimed) if claimed else {}
    if differing:
        await asyncio.sleep(grace)
    drifted = await _mark(line, claimed, differing, actor) if differing else 0
    return Swept(len(claimed), drifted, claimed[-1].customer_id if len(claimed) == size else None)


async def _differing(line: Line, claimed: Sequence[Claimed]) -> Mapping[UUID, Mapping[str, Any]]:
    """What is different, by customer: the paths, never the values."""
    current = await read_current(line, [replace(row, timeline_seq=row.desired_seq) for row in claimed])
    refs = [Ref(row.remote_id, row.customer_id) for row in claimed]
    found = by_customer(refs, await ask(line, line.connector.fetch(refs)))
    differing = {}
    for row in claimed:
        record = current[row.customer_id]
        if isinstance(record, Current) and record.record.seq == row.synced_seq:
            facts = _compare(line, row, record, found.get(row.customer_id))
            if facts:
                differing[row.customer_id] = facts
    return differing


def _compare(line: Line, row: Claimed, current: Current, remote: Remote | None) -> Mapping[str, Any]:
    record = current.record
    if remote is None:
        return {"missing": True}
    if remote.customer_id != record.id:
        return {"belongs": "to nobody" if remote.customer_id is None else "to another customer"}
    if remote.seq > record.seq:
        return {}
    paths = sorted({*_differing_values(line, record, remote), *differing(line, record, row.wanted, remote)})
    behind = {"version": remote.seq} if remote.seq < record.seq else {}
    told = record.seq if remote.timeline_seq is None else remote.timeline_seq
    return ({"paths": paths} if paths else {}) | behind | ({"timeline": told} if told < record.seq else {})


def _differing_values(line: Line, record: Record, remote: Remote) -> Iterator[str]:
    """Where agents may have a word."""
    ours = our_values(line, record)
    theirs = in_our_form(their_values(line, remote, ours), ours, {}, winners(line.store.catalogue))
    told = {f"consents/{purpose}/{channel}/status" for purpose, channel in remote.flags}
    compared = {path for path in ours if path.startswith("profile/")} | told | theirs.keys()
    yield from (path for path in compared if ours.get(path) != theirs.get(path))
    country = home_country(line.store.catalogue, record)
    points = merge_points(line.points, record, ours, remote.points, country).merge
    yield from (*points.take, *points.lost)


async def _mark(line: Line, claimed: Sequence[Claimed], differing: Mapping[UUID, Mapping[str, Any]], actor: str) -> int:
    drifted = [
        {"customer_id": str(row.customer_id), "etag": row.etag, "facts": differing[row.customer_id]}
        for row in claimed
        if row.customer_id in differing
    ]
    row = await line.store.database.fetch_one(
        MARK,
        {
            "connector": line.name,
            "drifted": Jsonb(drifted),
            "ahead": line.ahead,
            "event": Event.DRIFT,
            "actor": actor,
        },
    )
    assert row is not None
    return int(row["rows"])
