"""The record page from memory, in a Starlette application that has nothing else: no session, no database, no middleware
but compression. `/template` draws the portal's own compiled template with a context that was made once; `/bytes` sends
what came of that."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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

COOKIE = "BENCH_COOKIE"
"""The environment variable with the cookie of the customer whose page it is."""


def create_app(settings: Settings) -> Starlette:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[dict[str, Any]]:
        templates, name, context = await _drawn(settings)
        with using("en", settings.default_time_zone):
            html = templates.render(name, context)
        yield {
            "templates": templates,
            "name": name,
            "context": context,
            "html": html,
            "zone": settings.default_time_zone,
        }

    return Starlette(
        routes=[Route("/template", _template), Route("/bytes", _bytes)],
        middleware=[Middleware(CompressionMiddleware)],
        lifespan=lifespan,
    )


async def _template(request: Request) -> Response:
    state = request.state
    with using("en", state.zone):
        return HTMLResponse(state.templates.render(state.name, state.context))


async def _bytes(request: Request) -> Response:
    return HTMLResponse(request.state.html)


async def _drawn(settings: Settings) -> tuple[Templates, str, dict[str, Any]]:
    """What the portal draws its record page with: noted while it answers one request."""
    drawn: list[tuple[Templates, str, dict[str, Any]]] = []

    def note(self: Templates, name: str, context: dict[str, Any]) -> str:
        drawn.append((self, name, context))
        return render(self, name, context)

    render = Templates.render
    app = portal.create_app(settings)
    with patch.object(Templates, "render", note):
        async with app.router.lifespan_context(app) as state:
            await app(_scope(app, dict(state or {})), _nothing, _ignore)
    if [name for _, name, _ in drawn] != ["home/record.html"]:
        raise RuntimeError(f"the record page was not drawn, but {drawn}")
    return drawn[0]


def _scope(app: Starlette, state: dict[str, Any]) -> Scope:
    headers = [(b"host", b"localhost"), (b"cookie", os.environ[COOKIE].encode()), (b"accept-language", b"en")]
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": "/record", "raw_path": b"/record", "query_string": b"", "headers": headers, "app": app, "state": state,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _ignore(_message: Message) -> None:
    return None
