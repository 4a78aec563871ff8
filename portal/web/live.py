"""Live updates: server-sent events (WHATWG HTML, 9.2) that tell an open page to look again.

A stream carries no more than that something has changed, and pages then fetch what they show: who may see what is
decided in one place, and a missed event costs nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from portal.web.announcements import Announcements, Watch
from portal.web.errors import is_outage
from portal.web.policy import viewer

log = structlog.get_logger(__name__)

SECONDS_BETWEEN_HEARTBEATS = 15


@dataclass(frozen=True, slots=True)
class Event:
    """`name` None is a message without a name: htmx swaps its data in. A named one becomes a DOM event."""

    name: str | None
    data: str

    def encode(self) -> bytes:
        name = f"event: {self.name}\n" if self.name else ""
        data = "".join(f"data: {line}\n" for line in self.data.splitlines() or [""])
        return f"{name}id: 1\n{data}\n".encode()


LOGGED_OUT = Event("logged-out", "")

Tell: TypeAlias = Callable[[], Awaitable[Sequence[Event]]]


async def changed() -> Sequence[Event]:
    """What a stream says unless its page wants it otherwise."""
    return [Event("changed", "")]


async def stream(request: Request, customer_id: UUID, tell: Tell = changed) -> Response:
    """A stream that tells, each time the customer's record or its delivery has changed, what `tell` gives.

    Whoever calls this has decided that the viewer may know of that customer. The stream ends within seconds of the
    session, whether it was ended from elsewhere or nobody clicked for too long, and says so to the page.
    """
    return _Stream(request, customer_id, tell)


class _Stream(Response):
    media_type = "text/event-stream"

    def __init__(self, request: Request, customer_id: UUID, tell: Tell) -> None:
        super().__init__(headers={"x-accel-buffering": "no"})  # nginx passes it on as it comes
        del self.headers["content-length"]
        self._announcements = cast(Announcements, request.state.announcements)
        self._session_id = viewer(request).id
        # A browser that comes back says what it heard last, and may have missed something since.
        self._returns = "last-event-id" in request.headers
        self._customer_id = customer_id
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._announcements.watching(self._customer_id, self._session_id) as watch:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await _send(send, b"retry: 1000\nid: 1\n\n")
            leaving = asyncio.create_task(_end_with_client(receive, watch))
            try:
                await self._feed(watch, send)
            except Exception as error:
                if not is_outage(error):
                    raise
                log.warning("live stream ended", exc_info=error)
            finally:
                leaving.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _feed(self, watch: Watch, send: Send) -> None:
        if self._returns or await self._announcements.lately(self._customer_id):
            watch.news.set()
        while True:
            try:
                async with asyncio.timeout(SECONDS_BETWEEN_HEARTBEATS):
                    await watch.news.wait()
            except TimeoutError:
                # A comment: keeps proxies from thinking that nobody is there, and finds out whether somebody is.
                await _send(send, b":\n\n")
                continue
            watch.news.clear()
            if watch.logged_out:
                await _send(send, LOGGED_OUT.encode())
            if watch.ended:
                return
            for event in await self._tell():
                await _send(send, event.encode())


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _end_with_client(receive: Receive, watch: Watch) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    watch.end()
