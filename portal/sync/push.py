"""Writing to a CRM, and what its answers mean for the rows."""

import asyncio
from collections.abc import Sequence

import structlog

from portal import clock
from portal.backoff import backoff
from portal.crm.answers import CallFailed
from portal.crm.port import Ambiguous, Applied, Conflict, Desired, Outcome, Reject, Retry
from portal.crm.said import Own, why_failed
from portal.sync.base import Base, seal_base
from portal.sync.current import our_values
from portal.sync.desired import desired
from portal.sync.gate import Seen
from portal.sync.held import Held
from portal.sync.line import Line
from portal.sync.state import SyncStatus

log = structlog.get_logger(__name__)


async def push(line: Line, rows: Sequence[Held], seen: Seen, *, until: float) -> None:
    """Make the CRM say what the records say, in one call, outside any transaction.

    A call that is refused as a whole because of one record is made again in halves, `until` then (on the monotonic
    clock), so that the bad record alone is parked. If the CRM refuses whatever it is asked, nobody is.
    """
    if clock.current.monotonic() > until or seen.shut_for is not None:
        for row in rows:
            row.found(push_after=0.0)
        return
    await _push(line, rows, seen, until=until)
    if seen.refuses_all and len(rows) > 1 and clock.current.monotonic() < until:
        # Neighbours may be bad together: one from the far end is asked, too.
        await _push(line, rows[-1:], seen, until=until)
    if why := seen.refuses_all:
        seen.failed(why)
        for row in rows:
            _put_off(row, why)


async def _push(line: Line, rows: Sequence[Held], seen: Seen, *, until: float) -> None:
    rows, batch = _told(line, rows)
    if not rows:
        return
    outcomes = await _call(line, batch)
    seen.pushed(outcomes)
    together = []
    for row, wanted, outcome in zip(rows, batch, outcomes, strict=True):
        if len(rows) > 1 and isinstance(outcome, Reject) and outcome.whole:
            together.append(row)
        else:
            judge(line, row, wanted, outcome)
    if together:
        await _halve(line, together, seen, until=until)


def _told(line: Line, rows: Sequence[Held]) -> tuple[Sequence[Held], Sequence[Desired]]:
    """What each is to say. One of whom that cannot be said is in trouble alone."""
    told = []
    for row in rows:
        try:
            told.append((row, desired(line, row)))
        except Exception:
            log.exception("a record cannot be told", connector=line.name)
            row.park(Own.UNTOLD)
    return [row for row, _wanted in told], [wanted for _row, wanted in told]


async def _halve(line: Line, rows: Sequence[Held], seen: Seen, *, until: float) -> None:
    middle = (len(rows) + 1) // 2
    for half in (rows[:middle], rows[middle:]):
        if clock.current.monotonic() < until and seen.shut_for is None and not seen.refuses_all:
            await _push(line, half, seen, until=until)
            continue
        for row in half:
            _put_off(row, Own.MIXED_UP)


def _put_off(row: Held, why: str) -> None:
    """Each comes back at a moment of its own, and so in other company."""
    wait = backoff(row.claimed.attempts)
    row.found(status=SyncStatus.RETRYING, attempts=row.attempts, error=why, tried=None, push_after=wait)


async def _call(line: Line, batch: Sequence[Desired]) -> Sequence[Outcome]:
    try:
        async with asyncio.timeout(line.deadline):
            outcomes = await line.connector.push(batch)
    except CallFailed as failure:
        return [failure.outcome] * len(batch)
    except OSError as error:
        log.warning("push failed", connector=line.name, rows=len(batch), error=type(error).__name__)
        return [Ambiguous(why_failed(error))] * len(batch)
    except Exception as error:
        log.exception("push failed", connector=line.name, rows=len(batch))
        return [Ambiguous(why_failed(error))] * len(batch)
    if len(outcomes) != len(batch):
        return [Ambiguous(Own.MISCOUNTED.of(answers=len(outcomes), records=len(batch)))] * len(batch)
    return outcomes


def judge(line: Line, row: Held, wanted: Desired, outcome: Outcome) -> None:
    """Translate an outcome into what is written down."""
    match outcome:
        case Applied():
            _applied(line, row, wanted, outcome)
        case Conflict():
            row.pull_again(Own.EDITED)
        case Retry(why, after):
            wait = backoff(row.claimed.attempts) if after is None else after
            row.found(status=SyncStatus.RETRYING, attempts=row.attempts, error=why, push_after=wait)
        case Reject(why):
            row.park(why)
        case Ambiguous(why):
            # Until it has been read back, nothing is pushed on top of it.
            wait = backoff(row.claimed.attempts)
            row.found(status=SyncStatus.VERIFYING, attempts=row.attempts, error=why, push_after=wait, verify_after=wait)


def _applied(line: Line, row: Held, wanted: Desired, applied: Applied) -> None:
    if applied.seq > wanted.seq:
        # We hold the lease and read the record under it: no other worker of this portal can know a later version.
        row.park(Own.NEWER_THERE.of(theirs=applied.seq, ours=wanted.seq))
        return
    customer = row.claimed.customer_id
    base = Base(wanted.seq, our_values(line, row.current.record))
    row.found(
        status=SyncStatus.SYNCED,
        attempts=0,
        error=None,
        tried=wanted.seq,
        synced_seq=wanted.seq,
        timeline_seq=wanted.timeline[-1].seq if wanted.timeline else None,
        push_after=None if row.current.complete else 0.0,
        base=seal_base(base, row.current.key, line.name, customer),
        remote_id=applied.remote_id,
        etag=applied.etag,
        did=True,
    )
