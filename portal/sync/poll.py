"""Asking a CRM who was edited there, one worker at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from portal import clock
from portal.crm.port import Cursor, CursorExpired, Ref
from portal.db.database import Row
from portal.sync.asking import ask
from portal.sync.line import Line

log = structlog.get_logger(__name__)

# A lease in the connector's row, renewed while it is used: a poller that dies is succeeded when it has expired.
CLAIM = """
    UPDATE portal.connector SET poller = %(worker)s, polling_until = clock_timestamp() + %(ahead)s + %(for)s
    WHERE name = %(connector)s AND paused_at IS NULL
        AND NOT EXISTS (
            SELECT FROM portal.connector_gate g WHERE g.connector = %(connector)s
                AND (greatest(g.open_until, g.shut_until) > clock_timestamp() + %(ahead)s
                    OR portal.gate_tokens_v1(g, clock_timestamp() + %(ahead)s) < 1))
        AND (poller = %(worker)s OR polling_until IS NULL OR polling_until < clock_timestamp() + %(ahead)s)
    RETURNING cursor"""
MARK = """
    WITH edited AS (
        SELECT * FROM unnest(%(customers)s::uuid[], %(remotes)s::text[]) AS r (customer_id, remote_id)
    ),
    marked AS (
        UPDATE portal.sync_state s SET pull_due_at = clock_timestamp() + %(ahead)s
        WHERE s.connector = %(connector)s AND (
            s.customer_id IN (SELECT customer_id FROM edited)
            OR s.remote_id IN (SELECT remote_id FROM edited WHERE customer_id IS NULL))
    )
    UPDATE portal.connector SET cursor = %(cursor)s, polled_at = clock_timestamp() + %(ahead)s
    WHERE name = %(connector)s AND poller = %(worker)s"""
EXPIRED = """
    WITH begun AS (
        UPDATE portal.connector SET cursor = NULL WHERE name = %(connector)s AND poller = %(worker)s RETURNING name
    ),
    resync AS (
        UPDATE portal.connector_gate SET resyncing_since = clock_timestamp() + %(ahead)s, resynced_through = NULL
        WHERE connector IN (SELECT name FROM begun)
    )
    INSERT INTO portal.sync_event (at, connector, event, actor)
    SELECT clock_timestamp() + %(ahead)s, b.name, 'cursor_expired', 'engine' FROM begun b"""
RELEASE = """
    UPDATE portal.connector SET poller = NULL, polling_until = NULL
    WHERE name = %(connector)s AND poller = %(worker)s"""


@dataclass(slots=True)
class Poller:
    """One worker's share in reading one feed: it may hold the lease, or wait for whoever does.

    While nothing is edited, a poll only reads: the cursor is written when there was something.
    """

    line: Line
    worker: UUID
    cursor: Cursor | None = None
    held_until: float = 0.0
    next_at: float = 0.0

    async def poll(self) -> int:
        """Ask once, and mark who was edited as due for a pull; gives how many there were."""
        caps, now = self.line.connector.caps, clock.current.monotonic()
        if not caps.feed or now < self.next_at or not await self._hold():
            return 0
        try:
            refs, cursor = await ask(self.line, self.line.connector.changes(self.cursor))
        except CursorExpired:
            log.warning("cursor expired: every record is compared anew", connector=self.line.name)
            await self._run(EXPIRED)
            self.cursor = None
            return 0
        except Exception:
            self.held_until = 0.0  # whether it may be called is asked anew
            raise
        if not refs:
            self.next_at = now + caps.poll_seconds
        if refs or cursor != self.cursor:
            await self._mark(refs, cursor)
            self.cursor = cursor
        return len(refs)

    async def release(self) -> None:
        """Let another worker read the feed at once."""
        self.held_until = 0.0
        await self._run(RELEASE)

    async def _hold(self) -> bool:
        """Keep the lease, renewing it before half of it is over; where calls are counted, each time."""
        now, lease = clock.current.monotonic(), self.line.lease / 3
        if now < self.held_until and self.line.connector.caps.rate is None:
            return True
        rows = await self._run(CLAIM, **{"for": lease})
        if rows:
            self.held_until, self.cursor = now + lease.total_seconds() / 2, rows[0]["cursor"]
        return bool(rows)

    async def _mark(self, refs: Sequence[Ref], cursor: Cursor) -> None:
        customers, remotes = [ref.customer_id for ref in refs], [ref.remote_id for ref in refs]
        await self._run(MARK, customers=customers, remotes=remotes, cursor=cursor)

    async def _run(self, sql: str, **params: object) -> list[Row]:
        line = self.line
        about = {"connector": line.name, "worker": self.worker, "ahead": line.ahead}
        return await line.store.database.fetch_all(sql, about | params)
