"""The real Tryton 8.2 on loopback, with a database in a file, and a line to it that can break."""

import asyncio
import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from portal.dev.tryton import AGENT, DATABASE, PASSWORD, Tryton
from tests.orphans import ending_with_us
from tests.standins.server import Call, StandIn

HOME = Path(sys.prefix, "tryton")
"""Its environment: `make .venv/.tryton` sets it up from requirements/tryton.txt."""
SECONDS_TO_GET_READY = 90
SESSIONS: MutableMapping[str, tuple[int, str]] = {}
"""Grace's, by server."""


def is_there() -> bool:
    """Whether its environment is set up."""
    return (HOME / "bin/trytond").exists()


@contextmanager
def tryton(folder: Path) -> Iterator[str]:
    """A server with a database of its own, until the block ends; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    server = Tryton(HOME / "bin", folder, port)
    server.write_configuration()
    take_made(server)
    with (folder / "trytond.log").open("wb") as log:
        process = subprocess.Popen(
            server.serve(),
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | server.environment,
        )
    try:
        _wait_until_ready(process, port, folder / "trytond.log")
        SESSIONS[server.url] = _log_in(server.url)
        with ending_with_us(process.pid, signal.SIGTERM):
            yield server.url
    finally:
        process.terminate()
        process.wait(10)


def take_made(server: Tryton) -> None:
    """Give it a database with the modules, made once for as long as they and Tryton stay as they are."""
    kept, files = HOME / "made", ("crm.sqlite", "made")
    if all((kept / name).exists() for name in files):
        for name in files:
            shutil.copy(kept / name, server.folder / name)
    if server.is_set_up:
        return
    subprocess.run(server.set_up(), check=True, capture_output=True, env=os.environ | server.environment)
    server.has_set_up()
    with TemporaryDirectory(dir=HOME) as fresh:
        for name in files:
            shutil.copy(server.folder / name, fresh)
        shutil.rmtree(kept, ignore_errors=True)
        with suppress(OSError):  # another process was as fast
            Path(fresh).rename(kept)
            Path(fresh).mkdir()


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_GET_READY
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.1)


def _log_in(server: str) -> tuple[int, str]:
    """Grace's user and session. To log in takes Tryton longer than anything else, and the first time longest."""
    body = {"id": 1, "method": "common.db.login", "params": [AGENT, {"password": PASSWORD}, "en"]}
    with httpx2.Client(trust_env=False, timeout=60) as client:
        user, session, *_ = client.post(f"{server}/{DATABASE}/rpc/", json=body).json()["result"]
    return user, session


@dataclass
class Line(StandIn):
    """Hands every call on to the real server, unless something happens on the way."""

    server: str = ""
    untellable: set[str] = field(default_factory=set)
    """The change records that this Tryton's administrator lets nobody note."""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[StandIn]:
        """One client for all calls: to make one takes longer than the call."""
        client = httpx2.AsyncClient(base_url=self.server, trust_env=False, timeout=30)
        async with client as self._client, super().serving() as line:
            yield line

    def routes(self) -> list[BaseRoute]:
        return [Route("/{path:path}", self._hand_on, methods=["GET", "POST"])]

    def writes_contacts(self, call: Call) -> bool:
        return any(f'"model.party.party.{verb}"'.encode() in call.body for verb in ("create", "write"))

    def writes_notes(self, call: Call) -> bool:
        return b'"model.ir.note.create"' in call.body

    async def _hand_on(self, request: Request) -> Response:
        keep = ("authorization", "content-type")
        headers = {name: value for name, value in request.headers.items() if name in keep}
        body = await request.body()
        if b'"model.ir.note.create"' in body and any(entry.encode() in body for entry in self.untellable):
            return JSONResponse({"id": 1, "error": ["UserError", ["No note for this party.", ""]]})
        answer = await self._client.post(request.url.path, content=body, headers=headers)
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))


class Console:
    """What Grace does, an agent of the company: the same protocol, with a session of her own."""

    def __init__(self, server: str) -> None:
        self._server, self._url = server, f"{server}/{DATABASE}/rpc/"
        self._client = httpx2.AsyncClient(trust_env=False, timeout=30)

    async def call(self, method: str, *arguments: Any) -> Any:
        """What a method of a model answers."""
        return await self._ask(f"model.{method}", list(arguments))

    async def replace(self, party: int, by: int) -> None:
        """The wizard "Replace Party"."""
        context = {"active_model": "party.party", "active_id": party, "active_ids": [party]}
        session, *_states = await self._ask("wizard.party.replace.create", [context])
        asked = {"ask": {"source": party, "destination": by}}
        await self._ask("wizard.party.replace.execute", [session, asked, "replace", context])

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _ask(self, method: str, arguments: list[Any]) -> Any:
        body = {"id": 1, "method": method, "params": arguments}
        for _ in range(20):
            response = await self._client.post(self._url, json=body, headers=await self._who())
            if response.status_code == 401:  # nobody has used her session for minutes
                del SESSIONS[self._server]
                continue
            answer = response.json()
            if "error" not in answer:
                return answer["result"]
            name, said = answer["error"]
            if name == "UserWarning":  # that two parties look different: she knows
                await self.call("res.user.warning.skip", said[0], False, {})
                continue
            assert "locked" in str(answer["error"]), answer
            await asyncio.sleep(0.1)
        raise AssertionError("the database stays locked")

    async def _who(self) -> dict[str, str]:
        if self._server not in SESSIONS:
            SESSIONS[self._server] = await asyncio.to_thread(_log_in, self._server)
        user, session = SESSIONS[self._server]
        return {"authorization": f"Session {base64.b64encode(f'{AGENT}:{user}:{session}'.encode()).decode()}"}
