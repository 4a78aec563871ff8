"""Which records have changed, for all the live streams of one process: one poller, and only while somebody watches. It
also looks whether the watchers' sessions are still good: a stream does not outlive its session.

Announcements are rows that the sync drain writes, so that any number of web processes on any number of machines hear of
them, also behind PgBouncer, where LISTEN would not.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import psycopg
import structlog

from portal import clock
from portal.db.database import Database
from portal.errors import PortalError, Unavailable
from portal.i18n import gettext as _

log = structlog.get_logger(__name__)

SECONDS_BETWEEN_POLLS = 0.25
SECONDS_AFTER_AN_OUTAGE = 2.0
SECONDS_BETWEEN_LOOKS_AT_SESSIONS = 2.0
STREAMS_OF_A_SESSION = 8
STREAMS_OF_A_PROCESS = 2_000

ANNOUNCED = "SELECT customers, seen FROM portal.announced_v1(%s)"
LATELY = """SELECT 1 FROM portal.announcement
            WHERE customer_id = %s AND at > clock_timestamp() - interval '10 seconds' LIMIT 1"""


GOOD = """SELECT id FROM portal.session
          WHERE id = ANY(%s) AND expires_at > clock_timestamp() AND seen_at + idle > clock_timestamp()"""


class Watch:
    """One stream's ear. `news` is set when there is something to look at: a change, or that the stream shall end, maybe
    because its session has."""

    def __init__(self, customer_id: UUID, session_id: UUID) -> None:
        self.customer_id = customer_id
        self.session_id = session_id
        self.news = asyncio.Event()
        self.ended = False
        self.logged_out = False

    def end(self, *, logged_out: bool = False) -> None:
        self.ended, self.logged_out = True, logged_out
        self.news.set()


class Announcements:
    """What the streams of this process listen to. `close` ends them all."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watches: set[Watch] = set()
        self._of_session: Counter[UUID] = Counter()
        self._poller: asyncio.Task[None] | None = None
        self._begun = asyncio.Event()
        self._closing = False

    @contextmanager
    def watching(self, customer_id: UUID, session_id: UUID) -> Iterator[Watch]:
        """Listen for changes of one customer's record for the length of a `with` block.

        Raises:
            PortalError: this session, or this process, has too many streams open (429, 503).
        """
        self._admit(session_id)
        watch = Watch(customer_id, session_id)
        self._watches.add(watch)
        self._of_session[session_id] += 1
        if self._poller is None or self._poller.done():
            self._begun.clear()
            self._poller = asyncio.create_task(self._poll())
        try:
            yield watch
        finally:
            self._watches.discard(watch)
            self._of_session -= Counter([session_id])

    async def lately(self, customer_id: UUID) -> bool:
        """Whether something was announced while the page that now listens was on its way to the browser.

        Asked once the poller knows where it began: between the two, nothing is overheard.
        """
        await self._begun.wait()
        return await self._database.fetch_one(LATELY, [customer_id]) is not None

    def close(self) -> None:
        """End every stream and take no new one: browsers come back to another process."""
        self._closing = True
        self._begun.set()
        for watch in self._watches:
            watch.end()

    async def aclose(self) -> None:
        """The same, and wait for the poller."""
        self.close()
        if self._poller is not None:
            self._poller.cancel()
            with suppress(asyncio.CancelledError):
                await self._poller

    def _admit(self, session_id: UUID) -> None:
        if self._closing or len(self._watches) >= STREAMS_OF_A_PROCESS:
            raise Unavailable(_("Live updates are not available at present. Reload the page to see what is new."))
        if self._of_session[session_id] >= STREAMS_OF_A_SESSION:
            raise PortalError(_("You have too many pages open at once for live updates."), status=429)

    async def _poll(self) -> None:
        seen: str | None = None
        down = False
        look_at = clock.current.monotonic() + SECONDS_BETWEEN_LOOKS_AT_SESSIONS
        while self._watches and not self._closing:
            try:
                row = await self._database.fetch_one(ANNOUNCED, [seen])
                if clock.current.monotonic() >= look_at:
                    await self._end_with_sessions()
                    look_at = clock.current.monotonic() + SECONDS_BETWEEN_LOOKS_AT_SESSIONS
            except psycopg.Error as error:
                if not down:
                    log.warning("live updates wait for the database", exc_info=error)
                down, seen = True, None
                self._begun.set()
                await asyncio.sleep(SECONDS_AFTER_AN_OUTAGE)
                continue
            assert row is not None
            self._begun.set()
            # After an outage nobody knows what was missed: everybody looks.
            self._tell(None if down else frozenset(row["customers"]))
            down, seen = False, row["seen"]
            await asyncio.sleep(SECONDS_BETWEEN_POLLS)

    async def _end_with_sessions(self) -> None:
        """End the streams of those who have been logged out, here or from elsewhere, or too long idle."""
        watched = set(self._watches)
        rows = await self._database.fetch_all(GOOD, [list({watch.session_id for watch in watched})])
        good = {row["id"] for row in rows}
        for watch in watched:
            if watch.session_id not in good:
                watch.end(logged_out=True)

    def _tell(self, customers: frozenset[UUID] | None) -> None:
        for watch in self._watches:
            if customers is None or watch.customer_id in customers:
                watch.news.set()
