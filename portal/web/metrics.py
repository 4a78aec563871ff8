"""How many requests, how they ended, and how long they took: what /metrics says about this process."""

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal import clock
from portal.web.access_log import method_name, route_pattern
from portal.web.headers import header

REGISTRY = CollectorRegistry()

REQUESTS = Counter(
    "portal_http_requests", "Requests by route pattern and status.", ["method", "route", "status"], registry=REGISTRY
)
SECONDS = Histogram(
    "portal_http_request_seconds",
    "Seconds until the last byte of the response, live streams left out.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)


class MetricsMiddleware:
    """Counts and times each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = clock.current.monotonic()
        status, is_stream = 500, False

        async def send_and_look(message: Message) -> None:
            nonlocal status, is_stream
            if message["type"] == "http.response.start":
                status = message["status"]
                is_stream = header(message, b"content-type").startswith("text/event-stream")
            await send(message)

        try:
            await self.app(scope, receive, send_and_look)
        finally:
            method, route = method_name(scope), route_pattern(scope)
            REQUESTS.labels(method, route, str(status)).inc()
            if not is_stream:
                SECONDS.labels(method, route).observe(clock.current.monotonic() - began)
