"""A real server on loopback, and browsers that are logged in there."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import uvicorn
from starlette.applications import Starlette

from portal import clock
from portal.identity import tokens
from portal.identity.lifecycle import INSERT
from portal.identity.session import COOKIES, Audience
from portal.record.store import RecordStore
from portal.settings import StaffRole

TOKEN = re.compile(r'name="form_token" value="([^"]+)"')


@dataclass(frozen=True)
class Served:
    """The portal at `origin`."""

    origin: str
    app: Starlette


def listening() -> socket.socket:
    """A socket on a free port of this machine."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


@asynccontextmanager
async def serving(app: Starlette, bound: socket.socket) -> AsyncIterator[uvicorn.Server]:
    """The application behind a real server, for the length of an `async with` block."""
    config = uvicorn.Config(
        app, lifespan="on", log_config=None, access_log=False, server_header=False, proxy_headers=False, ws="none",
        timeout_graceful_shutdown=5,
    )  # fmt: skip
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve([bound]))
    while not server.started:
        assert not running.done(), running.exception()
        await asyncio.sleep(0.01)
    try:
        yield server
    finally:
        server.should_exit = True
        await running


def a_browser(origin: str, **cookies: str) -> httpx2.AsyncClient:
    """What a browser sends by itself when somebody clicks on a page of ours."""
    headers = {"sec-fetch-site": "same-origin", "accept": "text/html", "accept-language": "en"}
    return httpx2.AsyncClient(base_url=origin, headers=headers, cookies=cookies, timeout=10, trust_env=False)


async def a_session(
    store: RecordStore,
    *,
    customer_id: UUID | None = None,
    roles: tuple[StaffRole, ...] = (),
    name: str = "Alice Marsh",
    language: str | None = None,
    staff_id: UUID | None = None,
    provider: str = "main",
) -> dict[str, str]:
    """The cookie of somebody who is logged in, as the login would leave it: fresh, at a provider of the settings."""
    audience = Audience.STAFF if roles else Audience.CUSTOMER
    token = tokens.new()
    values: dict[str, Any] = {
        "token_hash": tokens.digest(token), "id": uuid4(), "audience": audience.value,
        "customer_id": customer_id, "staff_id": (staff_id or await _staff(store, name, roles)) if roles else None,
        "login_id": uuid4() if customer_id else None, "roles": sorted(role.value for role in roles), "name": name,
        "language": language, "provider": provider, "id_token": tokens.seal(token, "none"),
        "sid": None, "form_hash": tokens.form_hash(tokens.form_secret(token)),
        "authenticated_at": clock.now(), "acr": None, "user_agent": "test",
        "lasts": timedelta(hours=1), "idle": timedelta(minutes=30),
    }  # fmt: skip
    await store.database.fetch_all(INSERT, values)
    return {COOKIES[audience]: token}


async def _staff(store: RecordStore, name: str, roles: tuple[StaffRole, ...]) -> UUID:
    row = await store.database.fetch_one(
        "INSERT INTO portal.staff (id, issuer, subject, name, roles) VALUES (%s, 'https://id.example', %s, %s, %s) "
        "RETURNING id",
        [uuid4(), str(uuid4()), name, [role.value for role in roles]],
    )
    assert row is not None
    return UUID(str(row["id"]))


def form_token(html: str) -> str:
    """The token in the first form of a page."""
    found = TOKEN.search(html)
    assert found is not None, html[:2000]
    return found[1]
