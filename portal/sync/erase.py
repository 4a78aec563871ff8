"""Taking somebody out of a CRM, and writing down that it was confirmed."""

import asyncio
from collections.abc import Sequence

import structlog

from portal import clock
from portal.crm.answers import CallFailed
from portal.crm.port import Ref, Reject
from portal.crm.said import Own
from portal.jobs.housekeeping import forget_customers
from portal.sync.gate import Seen
from portal.sync.held import put_off, unchanged
from portal.sync.inbox import forget
from portal.sync.line import Line
from portal.sync.state import Claimed, SyncStatus, Verdict

log = structlog.get_logger(__name__)


async def erase(line: Line, rows: Sequence[Claimed], seen: Seen, *, until: float) -> list[Verdict]:
    """Erase one after the other; what is not reached `until` then (on the monotonic clock) stays due.

    Whose erasure is confirmed stays erased: a change that is written to the record later is kept from the CRM, and
    whenever the CRM may have the contact again, it is erased again. Letters that were put off for them are not sent.
    """
    await forget_customers(line.store.database, [row.customer_id for row in rows])
    await forget(line.store.database, line.name, [Ref(row.remote_id, row.customer_id) for row in rows])
    verdicts: list[Verdict] = []
    for row in rows:
        if not (row.unconfirmed or row.must_look):
            verdicts.append(_done(row, SyncStatus.ERASED))
        elif clock.current.monotonic() < until and seen.shut_for is None:
            verdicts.append(await _erase(line, row, seen))
        else:
            verdicts.append(unchanged(row))
    return verdicts


async def _erase(line: Line, row: Claimed, seen: Seen) -> Verdict:
    try:
        async with asyncio.timeout(line.deadline):
            await line.connector.erase(Ref(row.remote_id, row.customer_id))
    except Exception as error:
        if isinstance(error, CallFailed) and isinstance(error.outcome, Reject):
            seen.answered = True
            return _done(row, SyncStatus.PARKED, attempts=row.attempts + 1, error=error.outcome.why)
        expected = isinstance(error, OSError | CallFailed)
        log.warning("erasure failed", connector=line.name, why=seen.raised(error), exc_info=not expected)
        # Erasing twice is no mistake, so whether it took effect need not be known.
        return put_off(row, SyncStatus.RETRYING, Own.NOT_ERASED)
    seen.answered = True
    # A push that nobody awaits any more may still make the contact again. Once more, when none can land.
    again = None if row.status is SyncStatus.ERASED else line.connector.caps.max_execution_seconds
    return _done(row, SyncStatus.ERASED, verify_after=again)


def _done(
    row: Claimed,
    status: SyncStatus,
    *,
    attempts: int = 0,
    error: str | None = None,
    verify_after: float | None = None,
) -> Verdict:
    return Verdict(
        row.customer_id,
        status,
        attempts,
        error,
        tried=row.desired_seq,
        looked=True,
        pull_seen=row.pull_due_at,
        verify_after=verify_after,
        wanted=row.wanted,
        did=status is SyncStatus.ERASED,
        unconfirmed=row.unconfirmed,
    )
