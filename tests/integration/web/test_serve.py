"""`portal serve`: as an operator starts and stops it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import URL

from portal.db.database import Role
from portal.record.read import StoredRecord
from tests.conftest import KEY, PASSWORD, Stores
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


async def test_it_ends_open_streams_first_and_then_itself(
    database_url: URL, stores: Stores, alice: StoredRecord
) -> None:
    cookies = await a_session(stores.staff, customer_id=alice.record.id)
    async with portal_serve(database_url) as server, a_browser(server.origin, **cookies) as browser:
        async with browser.stream("GET", "/record/live") as stream:
            pieces = stream.aiter_text()
            await anext(pieces)
            ending = asyncio.create_task(server.end())
            assert [piece async for piece in pieces] == []  # an end, and not a broken connection
        lines = await ending

    assert server.process.returncode == 0
    assert all(json.loads(line)["level"] == "info" for line in lines), lines


async def test_a_request_that_is_under_way_is_finished(database_url: URL) -> None:
    body = b"language=de"
    async with portal_serve(database_url) as server:
        host = server.origin.removeprefix("http://")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(host.rpartition(":")[2]))
        writer.write(
            f"POST /language HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode()
            + body[:5]
        )
        await asyncio.sleep(0.5)
        ending = asyncio.create_task(server.end())
        await asyncio.sleep(0.5)
        writer.write(body[5:])
        answer = (await reader.read()).decode()
        writer.close()
        await ending

    assert answer.startswith("HTTP/1.1 303 ")
    assert "connection: close" in answer.lower() and "server:" not in answer.lower()


async def test_its_log_names_no_addresses_and_no_queries(database_url: URL) -> None:
    async with portal_serve(database_url) as server:
        async with a_browser(server.origin) as browser:
            await browser.get("/desk/customers/018f0000-0000-7000-8000-00000000beef?q=alice%40example.com")
        lines = await server.end()

    (line,) = [line for line in map(json.loads, lines) if line.get("route", "").startswith("/desk")]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/desk/customers/{id:uuid}", 303)
    assert not any(word in "".join(lines) for word in ("beef", "alice"))


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
    ("changes", "words"),
    [
        ({"TRUSTED_PROXIES": "everybody"}, "TRUSTED_PROXIES"),
        ({"CATALOGUE": "no-such-file.toml"}, "no-such-file.toml:1"),
        ({"BRAND_TOKENS": "no-such-file.css"}, "no-such-file.css"),
    ],
)
async def test_a_mistake_in_the_settings_is_one_clear_sentence(
    database_url: URL, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(AssertionError) as told:
        async with portal_serve(database_url, **changes):
            pass

    assert words in str(told.value) and "Traceback" not in str(told.value)
