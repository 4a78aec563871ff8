"""One pass over one connector: claim what is due, erase, read, look where something was edited, push, complete."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog

from portal import clock
from portal.sync.current import Current, Unreadable, read_current
from portal.sync.erase import erase
from portal.sync.gate import Seen
from portal.sync.held import Held
from portal.sync.lease import claim, complete
from portal.sync.line import Line
from portal.sync.look import look
from portal.sync.push import push
from portal.sync.state import Claimed, SyncStatus, Verdict, Wanted

log = structlog.get_logger(__name__)


SIDE_BY_SIDE = 2
"""Batches in flight while there is more than one: the database works on one while this process works on the other."""


async def keep_up(line: Line, stop: asyncio.Event) -> int:
    """Drain one batch, and while batches are full, several side by side; gives how many rows were due.

    Raises:
        Exception: what the first of them that failed has raised; the others have ended by then.
    """
    done = await drain(line)
    if done < line.batch:
        return done
    over = asyncio.Event()
    ended = await asyncio.gather(*(_go_on(line, stop, over) for _ in range(SIDE_BY_SIDE)), return_exceptions=True)
    for failure in (each for each in ended if isinstance(each, BaseException)):
        raise failure
    return done + sum(each for each in ended if isinstance(each, int))


async def _go_on(line: Line, stop: asyncio.Event, over: asyncio.Event) -> int:
    """Batch after batch, none waiting for its neighbour, until one is not full or fails, or all are told to stop."""
    done, full = 0, True
    try:
        while full and not (stop.is_set() or over.is_set()):
            rows = await drain(line)
            done, full = done + rows, rows == line.batch
    finally:
        over.set()
    return done


async def drain(line: Line) -> int:
    """Make the CRM and the records of one batch equal; gives how many rows were due.

    Nothing is lost if this ends anywhere: the leases expire, and the rows are due again.
    """
    lease, began = clock.uuid7(), clock.current.monotonic()
    claimed = await claim(line, lease)
    if not claimed:
        return 0
    first = claimed[0]
    seen = Seen(fresh=any(row.attempts == 0 for row in claimed), troubled=first.troubled, probing=first.probing)
    last_call = began + 2 * line.deadline
    leaving = [row for row in claimed if row.wanted is Wanted.ERASED]
    verdicts = await erase(line, leaving, seen, until=last_call) if leaving else []
    staying = [row for row in claimed if row.wanted is not Wanted.ERASED] if leaving else claimed
    current = await read_current(line, staying) if staying else {}
    rows, unreadable = _sort(staying, current)
    await look(line, [row for row in rows if _must_look(line, row.claimed)], seen, until=last_call)
    await push(line, [row for row in rows if row.push], seen, until=last_call)
    kept = await complete(line, lease, [*verdicts, *unreadable, *(row.verdict for row in rows)], seen, prepaid=1)
    if kept < len(claimed):
        log.warning("leases lost", connector=line.name, rows=len(claimed) - kept)
    return len(claimed)


def _must_look(line: Line, row: Claimed) -> bool:
    """Also before the first push of all: the CRM may know this person, and what they forbade, for longer than we do.
    One that writes conditionally says so itself."""
    return row.must_look or (row.remote_id is None and not line.connector.caps.conditional)


def _sort(claimed: Sequence[Claimed], current: Mapping[UUID, Current | Unreadable]) -> tuple[list[Held], list[Verdict]]:
    """The rows to work on, and a verdict at once on those whose record cannot be read."""
    rows: list[Held] = []
    verdicts: list[Verdict] = []
    for row in claimed:
        record = current[row.customer_id]
        if isinstance(record, Current):
            rows.append(Held(row, record, row.push_due, row.remote_id, row.etag))
        else:
            verdicts.append(
                Verdict(
                    row.customer_id,
                    SyncStatus.PARKED,
                    row.attempts + 1,
                    record.why,
                    tried=row.desired_seq,
                    looked=True,
                    pull_seen=row.pull_due_at,
                    wanted=row.wanted,
                    unconfirmed=row.unconfirmed,
                )
            )
    return rows, verdicts
