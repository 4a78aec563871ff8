"""`portal serve`: as an operator starts and stops it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import URL

from portal.app import create_app
from portal.catalogue import CatalogueError
from portal.db.database import Role
from portal.settings import SettingsError
from tests.builders import a_customer
from tests.conftest import KEY, PASSWORD, Stores, make_settings
from tests.integration.web.browsing import a_browser, a_session, listening

ROOT = Path(__file__).parents[3]


class Running:
    """A server as a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, origin: str) -> None:
        self.process = process
        self.origin = origin

    async def end(self, number: signal.Signals = signal.SIGTERM) -> list[str]:
        """Ask it to end, and return what it wrote."""
        self.process.send_signal(number)
        out, _ = await asyncio.wait_for(self.process.communicate(), 20)
        return out.decode().splitlines()


@asynccontextmanager
async def portal_serve(database_url: URL, *arguments: str, **changes: str) -> AsyncIterator[Running]:
    with listening() as bound:
        port = bound.getsockname()[1]
    origin = f"http://localhost:{port}"
    environment = {
        "PATH": os.environ["PATH"], "ENVIRONMENT": "development", "PUBLIC_URL": origin, "KEY_ENCRYPTION_KEY": KEY,
        "DATABASE_URL": database_url.set(username=None).render_as_string(hide_password=False),
        **{f"DATABASE_{role.value.upper()}_PASSWORD": PASSWORD for role in Role}, **changes,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "portal", "serve", "--port", str(port), *arguments,
        cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        await _answering(process, origin)
        yield Running(process, origin)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _answering(process: asyncio.subprocess.Process, origin: str) -> None:
    async with a_browser(origin) as probe, asyncio.timeout(60):
        while process.returncode is None:
            try:
                if (await probe.get("/health/live")).is_success:
                    return
            except httpx2.TransportError:
                await asyncio.sleep(0.1)
    assert process.stdout is not None
    raise AssertionError((await process.stdout.read()).decode())


@dataclass(frozen=True)
class Ended:
    """What was seen of a server that was asked to end while it had something to do."""

    returncode: int | None
    log: list[dict[str, Any]]
    stream: list[str]
    answer: str


@pytest.fixture(scope="module")
async def ended(database_url: URL, stores: Stores) -> Ended:
    """Given a server with an open stream and a form that is half sent, when it gets SIGTERM."""
    customer = (await a_customer(stores.worker)).record.id
    cookies = await a_session(stores.staff, customer_id=customer)
    async with portal_serve(database_url) as server, a_browser(server.origin, **cookies) as browser:
        await browser.get("/record/notes/018f0000-0000-7000-8000-00000000beef?q=alice%40example.com")
        async with browser.stream("GET", "/record/live") as stream:
            pieces = stream.aiter_text()
            await anext(pieces)
            reader, writer = await _begin_to_post(server.origin, b"langu")
            ending = asyncio.create_task(server.end())
            heard = [piece async for piece in pieces]
        writer.write(b"age=de")
        answer = (await reader.read()).decode()
        writer.close()
        log = [json.loads(line) for line in await ending]
        return Ended(server.process.returncode, log, heard, answer)


async def _begin_to_post(origin: str, piece: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host = origin.removeprefix("http://")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(host.rpartition(":")[2]))
    head = (
        f"POST /language HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\r\n"
    )
    writer.write(head.encode() + piece)
    await asyncio.sleep(0.5)
    return reader, writer


async def test_open_streams_end_first_and_in_order(ended: Ended) -> None:
    assert ended.stream == []  # nothing more came, and the connection was not broken off


async def test_a_request_that_is_under_way_is_finished(ended: Ended) -> None:
    assert ended.answer.startswith("HTTP/1.1 303 ")
    assert "\r\nserver:" not in ended.answer.lower()


async def test_it_ends_without_a_complaint(ended: Ended) -> None:
    assert ended.returncode == 0
    assert {line["level"] for line in ended.log} == {"info"}


@pytest.mark.asvs("16.2.5")
async def test_its_log_names_no_ids_and_no_queries(ended: Ended) -> None:
    (line,) = [line for line in ended.log if line.get("route", "").startswith("/record/notes")]

    assert (line["method"], line["route"], line["status"]) == ("GET", "/record/notes/{id:uuid}", 404)
    assert not any(word in json.dumps(ended.log) for word in ("beef", "alice"))


async def test_several_processes_share_port_and_metrics(database_url: URL) -> None:
    async with portal_serve(database_url, "--processes", "2") as server:
        for _ in range(8):
            async with a_browser(server.origin) as browser:
                await browser.get("/")
        async with a_browser(server.origin) as browser:
            metrics = (await browser.get("/metrics")).text
        lines = await server.end(signal.SIGINT)

    assert 'portal_http_requests_total{method="GET",route="/",status="200"} 8.0' in metrics
    assert server.process.returncode == 0
    assert all(json.loads(line) for line in lines)


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"trusted_proxies": "everybody"}, SettingsError, "TRUSTED_PROXIES"),
        ({"catalogue": "no-such-file.toml"}, CatalogueError, "no-such-file.toml:1"),
        ({"brand_tokens": "no-such-file.css"}, SettingsError, "no-such-file.css"),
    ],
)
def test_a_mistake_in_the_settings_stops_the_start(
    database_url: URL, changes: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        create_app(make_settings(database_url, **changes))
