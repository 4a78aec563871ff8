"""What stands in for a vendor's server: real HTTP on loopback, and all that can happen on the way.

A stand-in keeps what it is told, follows the vendor's documented API, and knows nothing of the code it is asked by.
"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol


class Break(Enum):
    """How an exchange ends without an answer that means anything."""

    RESET = auto()  # the connection is torn down
    HANG = auto()  # nothing more comes
    DRIP = auto()  # the answer comes byte by byte, and never ends
    GARBLED = auto()  # the answer is cut off and no JSON
    ENDLESS = auto()  # the answer is longer than anybody wants


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call.

    Attributes:
        after: what was asked for is done all the same, and only the answer suffers.
        status, headers, body: an answer instead of the real one.
        breaks: no answer at all.
        repeat: to how many calls it happens.
    """

    after: bool = False
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    breaks: Break | None = None
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class Call:
    """A call that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Matches = Callable[[Call], bool]


class Abortable(H11Protocol):
    """Lets the application tear down the connection that it is asked over."""

    def handle_events(self) -> None:
        ABORT[self.client or ("", 0)] = self.transport
        super().handle_events()


ABORT: MutableMapping[tuple[str, int], asyncio.Transport] = {}


@dataclass
class StandIn:
    """One vendor's server. A subclass gives its routes, and says which calls write contacts."""

    calls: list[Call] = field(default_factory=list)
    url: str = ""
    _faults: deque[tuple[Matches, Fault]] = field(default_factory=deque)

    def routes(self) -> list[BaseRoute]:
        """The vendor's API."""
        raise NotImplementedError

    def writes_contacts(self, call: Call) -> bool:
        """Whether a call creates or changes contacts."""
        raise NotImplementedError

    def fail(self, fault: Fault, on: Matches | None = None) -> None:
        """Let this happen to the next call that writes contacts, or that fits `on`."""
        self._faults.extend([(on or self.writes_contacts, fault)] * fault.repeat)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["StandIn"]:
        """Answer on a port of loopback for the length of an `async with` block."""
        # Named as TCP, asyncio sends small answers at once.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
            bound.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
            config = uvicorn.Config(
                self._app(), http=Abortable, lifespan="off", log_config=None, access_log=False, server_header=False,
                proxy_headers=False, ws="none",
            )  # fmt: skip
            server = uvicorn.Server(config)
            running = asyncio.create_task(server._serve([bound]))
            while not server.started:
                assert not running.done(), running.exception()
                await asyncio.sleep(0.01)
            try:
                yield self
            finally:
                self._released.set()
                server.should_exit = server.force_exit = True
                await running

    async def land(self, call: Call) -> None:
        """Do what was asked for by a call that nobody awaits any more."""
        headers = {name: value for name, value in call.headers.items() if name not in ("host", "content-length")}
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(self._vendor), base_url="http://vendor") as client:
            answer = await client.request(call.method, call.path, content=call.body, headers=headers)
        assert answer.is_success, answer.text

    def _app(self) -> ASGIApp:
        self._released = asyncio.Event()
        self._vendor = vendor = Starlette(routes=self.routes())

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            body = await _whole(receive)
            headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
            path = scope["path"] + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
            call = Call(scope["method"], path, headers, body)
            self.calls.append(call)
            fault = self._fault(call)
            if fault is None or fault.after:
                await vendor(scope, _again(body, receive), send if fault is None else _nowhere)
            if fault is not None:
                await self._happen(fault, scope, send)

        return app

    def _fault(self, call: Call) -> Fault | None:
        for planned in self._faults:
            matches, fault = planned
            if matches(call):
                self._faults.remove(planned)
                return fault
        return None

    async def _happen(self, fault: Fault, scope: Scope, send: Send) -> None:
        match fault.breaks:
            case Break.RESET:
                ABORT[scope["client"]].abort()
            case Break.HANG:
                await self._released.wait()
            case Break.DRIP:
                await _start(send, 200)
                while not self._released.is_set():
                    await send({"type": "http.response.body", "body": b" ", "more_body": True})
                    await asyncio.sleep(0.05)
            case Break.GARBLED:
                await _answer(send, 200, body=b'{"results": [{"id": "1", "prop')
            case Break.ENDLESS:
                await _start(send, 200)
                for _ in range(20):
                    await send({"type": "http.response.body", "body": b" " * 2**20, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            case None:
                await _answer(send, fault.status, fault.headers, fault.body)


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    given = False

    async def once_more() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once_more


async def _nowhere(_message: Message) -> None:
    """The answer is lost."""


async def _start(send: Send, status: int, headers: tuple[tuple[str, str], ...] = ()) -> None:
    given = [(name.encode(), value.encode()) for name, value in (("content-type", "application/json"), *headers)]
    await send({"type": "http.response.start", "status": status, "headers": given})


async def _answer(send: Send, status: int, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> None:
    await _start(send, status, headers)
    await send({"type": "http.response.body", "body": body})
