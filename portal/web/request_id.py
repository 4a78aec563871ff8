"""One id for a request, through all log lines and to whoever asks about it."""

import re

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal import clock
from portal.web.headers import header

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,100}")


class RequestIdMiddleware:
    """Puts `request_id` into the request's state, each log line and the header X-Request-ID.

    A proxy that is trusted may have given the request an id already; anybody else's is not taken over.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = scope["state"]["request_id"] = self._given(scope) or str(clock.uuid7())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            structlog.contextvars.reset_contextvars(**bound)

    def _given(self, scope: Scope) -> str | None:
        given = header(scope, b"x-request-id") if scope["state"]["through_proxy"] else ""
        return given if _WELL_FORMED.fullmatch(given) else None
