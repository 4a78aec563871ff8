"""A log line for each request, without personal values."""

from typing import Any

import structlog
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal import clock

log = structlog.get_logger(__name__)

_QUIET = ("/static", "/health/live", "/health/ready", "/metrics")
"""Asked for so often, and so alike, that they are told only to who debugs."""


class AccessLogMiddleware:
    """Tells method, route, status and milliseconds: the route's pattern and not the path with its ids, no query string,
    no address, no browser. Who it was stands in the change log, where it belongs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = clock.current.monotonic()
        status = 0

        async def send_and_look(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_look)
        finally:
            milliseconds = round((clock.current.monotonic() - began) * 1000, 1)
            self._tell(scope, status, milliseconds)

    def _tell(self, scope: Scope, status: int, milliseconds: float) -> None:
        route = route_pattern(scope)
        fields: dict[str, Any] = {"method": method_name(scope), "route": route, "status": status, "ms": milliseconds}
        if route in _QUIET and status < 500:
            log.debug("request", **fields)
        else:
            log.info("request", **fields)


def route_pattern(scope: Scope) -> str:
    """The pattern of the route that answered, such as `/record/profile/{section}`; `unmatched` where there was none."""
    route = scope.get("route")
    return route.path if isinstance(route, Route | Mount) else "unmatched"


def method_name(scope: Scope) -> str:
    """The method; `other` for what no route has, because a client may send any word."""
    method: str = scope["method"]
    return method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
