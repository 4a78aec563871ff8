"""The demo with a real Tryton: what Alice says is there in a moment, what an agent writes there is on Alice's page."""

import asyncio
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from pytest_asyncio import fixture

from portal.dev.tryton import AGENT, Tryton
from tests.integration.dev.running import Demo, start
from tests.integration.rooms.forms_on_page import open_form, send
from tests.standins.tryton import HOME, Console, is_there, take_made

NUMBER = "20418"
FIELDS = ["call_me", "plan", "portal_seq"]


@pytest.fixture
def demo(folder: Path, port: int) -> Iterator[Demo]:
    if not is_there():
        pytest.skip("`make .venv/.tryton` sets Tryton up")
    tryton = Tryton(HOME / "bin", folder / "tryton", port)
    folder.mkdir()
    tryton.write_configuration()
    take_made(tryton)
    demo = start(folder, port, "--crm", "tryton")
    yield demo
    processes = demo.processes()
    assert any("trytond" in part for process in processes for part in process.cmdline())
    assert demo.end(signal.SIGTERM) == 0
    assert "Ended: web, workers, provider, tryton, database." in demo.output
    assert not [process for process in processes if process.is_running()]


@fixture
async def grace(demo: Demo) -> AsyncIterator[Console]:
    """An agent in Tryton, who logs in as the demo says."""
    found = re.search(r"127\.0\.0\.1:\d+", demo.output)
    assert found and AGENT in demo.output
    console = Console(f"http://{found[0]}")
    yield console
    await console.aclose()


async def test_an_edit_is_in_tryton_and_one_there_is_on_the_page(demo: Demo, grace: Console, folder: Path) -> None:
    async def party() -> dict[str, object]:
        domain = [["code", "=", NUMBER]]
        rows = await grace.call("party.party.search_read", domain, 0, None, None, FIELDS, {})
        return dict(rows[0]) if rows else {}

    async with httpx2.AsyncClient(base_url=demo.url, headers={"origin": demo.url}, trust_env=False) as alice:
        asked = await alice.get("/login")
        back = await httpx2.AsyncClient(trust_env=False).post(asked.headers["location"], data={"sub": "alice"})
        way = urlsplit(back.headers["location"])
        assert (await alice.get(f"{way.path}?{way.query}")).status_code == 303
        await until(party, lambda there: there.get("call_me") is not None)

        form = await open_form(alice, "/record/profile/about")
        assert (await send(alice, form, call_me="Ali")).status_code == 303
        await until(party, lambda there: there["call_me"] == "Ali")

        [id] = await grace.call("party.party.search", [["code", "=", NUMBER]], 0, None, None, {})
        await grace.call("party.party.write", [id], {"plan": "business"}, {})
        await until(lambda: alice.get("/record"), lambda page: "Business" in page.text)

    command = f". {folder}/shell.env && {sys.executable} -m portal crm show tryton {NUMBER}"
    shown = await asyncio.to_thread(subprocess.check_output, ["sh", "-c", command], text=True, timeout=60)
    assert "Both say the same." in shown and "Ali" in shown


async def until(look: Callable[[], Awaitable[Any]], right: Callable[[Any], bool]) -> None:
    """Look until it is right; a minute at most."""
    deadline = time.monotonic() + 60
    while not right(seen := await look()):
        assert time.monotonic() < deadline, seen
        await asyncio.sleep(0.1)
