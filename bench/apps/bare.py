"""The record page from memory, in a Starlette application that has nothing else: no session, no database, no middleware
but compression. `/template` draws the portal's own compiled template with contexts that were made once, one customer's
after the other's; `/bytes` sends what came of those."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle
from typing import Any
from unittest.mock import patch

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Message, Scope

from portal import app as portal
from portal.i18n import using
from portal.settings import Settings
from portal.web.compression import CompressionMiddleware
from portal.web.templates import Templates

COOKIES = "BENCH_COOKIES"
"""The environment variable with the cookies of the customers whose pages they are, with spaces between."""
PAGE = "home/record.html"


def create_app(settings: Settings) -> Starlette:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        templates, contexts = await _drawn(settings)
        with using("en", settings.default_time_zone):
            html = [templates.render(PAGE, context) for context in contexts]
        zone = settings.default_time_zone
        yield {"templates": templates, "contexts": cycle(contexts), "html": cycle(html), "zone": zone}

    return Starlette(
        routes=[Route("/template", _template), Route("/bytes", _bytes)],
        middleware=[Middleware(CompressionMiddleware)],
        lifespan=lifespan,
    )


async def _template(request: Request) -> Response:
    state = request.state
    with using("en", state.zone):
        return HTMLResponse(state.templates.render(PAGE, next(state.contexts)))


async def _bytes(request: Request) -> Response:
    return HTMLResponse(next(request.state.html))


async def _drawn(settings: Settings) -> tuple[Templates, list[dict[str, Any]]]:
    """What the portal draws its record pages with: noted while it answers a request of each customer."""
    drawn: list[tuple[str, dict[str, Any]]] = []

    def note(self: Templates, name: str, context: dict[str, Any]) -> str:
        drawn.append((name, context))
        return render(self, name, context)

    render = Templates.render
    app = portal.create_app(settings)
    cookies = os.environ[COOKIES].split()
    with patch.object(Templates, "render", note):
        async with app.router.lifespan_context(app) as state:
            for cookie in cookies:
                await app(_scope(app, dict(state or {}), cookie), _nothing, _ignore)
    if [name for name, _ in drawn] != [PAGE] * len(cookies):
        raise RuntimeError(f"the record page was not drawn for each customer, but {[name for name, _ in drawn]}")
    return app.state.templates, [context for _, context in drawn]


def _scope(app: Starlette, state: dict[str, Any], cookie: str) -> Scope:
    headers = [(b"host", b"localhost"), (b"cookie", cookie.encode()), (b"accept-language", b"en")]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/record", "raw_path": b"/record", "query_string": b"", "headers": headers, "app": app, "state": state,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ignore(_message: Message) -> None:
    return None
