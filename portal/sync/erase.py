"""Taking somebody out of a CRM, and writing down that it was confirmed."""

import asyncio
from collections.abc import Sequence

import structlog
from msgspec.structs import replace

from portal import clock
from portal.backoff import backoff
from portal.crm.port import Ref
from portal.sync.gate import Seen
from portal.sync.held import unchanged
from portal.sync.line import Line
from portal.sync.state import Claimed, SyncStatus, Verdict

log = structlog.get_logger(__name__)


async def erase(line: Line, rows: Sequence[Claimed], seen: Seen, *, until: float) -> list[Verdict]:
    """Erase one after the other; what is not reached `until` then (on the monotonic clock) stays due.

    Whose erasure is confirmed stays erased: a change that is written to the record later is kept from the CRM.
    """
    verdicts: list[Verdict] = []
    for row in rows:
        if not row.unconfirmed:
            verdicts.append(_erased(row))
        elif clock.current.monotonic() < until:
            verdicts.append(await _erase(line, row, seen))
        else:
            verdicts.append(unchanged(row))
    return verdicts


async def _erase(line: Line, row: Claimed, seen: Seen) -> Verdict:
    try:
        async with asyncio.timeout(line.deadline):
            await line.connector.erase(Ref(row.remote_id, row.customer_id))
    except Exception as error:
        log.warning("erasure failed", connector=line.name, exc_info=not isinstance(error, OSError))
        seen.failed(type(error).__name__)
        wait = backoff(row.attempts)
        # Erasing twice is no mistake, so whether it took effect need not be known.
        found = replace(unchanged(row), status=SyncStatus.RETRYING, attempts=row.attempts + 1, push_after=wait)
        return replace(found, error="could not be erased yet")
    seen.answered = True
    return _erased(row)


def _erased(row: Claimed) -> Verdict:
    return Verdict(
        row.customer_id,
        SyncStatus.ERASED,
        tried=row.desired_seq,
        looked=True,
        pull_seen=row.pull_due_at,
        wanted=row.wanted,
        unconfirmed=row.unconfirmed,
        did=True,
    )
