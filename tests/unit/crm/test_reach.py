"""No name, however it is spelt and wherever it points by now, leads into the network that the portal runs in."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from portal.crm.reach import allowed, transport

pytestmark = pytest.mark.asvs("1.3.6")

INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.9.9", "192.168.1.1", "100.64.0.1", "198.18.0.1", "::1",
    "fc00::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "2002:a00:1::", "2001:db8::1",
    "192.0.0.8", "::ffff:192.0.0.8", "192.88.99.1", "2001:2::1", "2001:20::1", "3fff::1",
]  # fmt: skip
NEVER = ["169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "224.0.0.1",
         "ff02::1", "255.255.255.255", "0.0.0.0", "::", "192.0.0.192", "::ffff:192.0.0.192", "64:ff9b::c000:c0",
         "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42", "100.100.100.200",
         "168.63.129.16"]  # fmt: skip


@pytest.mark.parametrize("address", [*INSIDE, *NEVER])
def test_an_inner_address_is_refused(address: str) -> None:
    assert not allowed(address)


@pytest.mark.parametrize("address", NEVER)
def test_what_no_crm_is_at_is_refused_even_in_a_network_of_ones_own(address: str) -> None:
    assert not allowed(address, allow_private=True)


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "::1", "fc00::1", "fd00::1", "::ffff:192.168.1.1"])
def test_a_network_of_ones_own_is_reached_where_the_operator_says_so(address: str) -> None:
    assert allowed(address, allow_private=True)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "192.0.1.1", "2606:4700::1111", "2001:4860::8888", "64:ff9b::5db8:d822"]
)
def test_a_public_address_is_reached(address: str) -> None:
    assert allowed(address)


class Names:
    """Stands for the resolver: what it says each time that it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", self._look_up)

    async def _look_up(self, _host: str, port: int, **_options: Any) -> list[Any]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


class Inside:
    """A server on loopback that must never be asked anything."""

    def __init__(self) -> None:
        self.reached = 0
        self.port = 0

    async def serve(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached += 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        writer.close()


@pytest.fixture
async def inside() -> AsyncIterator[Inside]:
    there = Inside()
    async with await asyncio.start_server(there.serve, "127.0.0.1", 0) as server:
        there.port = server.sockets[0].getsockname()[1]
        yield there


async def ask(url: str, *, allow_private: bool = False) -> int:
    async with httpx2.AsyncClient(transport=transport(allow_private=allow_private), timeout=2) as http:
        return (await http.get(url)).status_code


@pytest.mark.parametrize(
    "spelling", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"]
)
async def test_loopback_is_not_reached_however_it_is_spelt(inside: Inside, spelling: str) -> None:
    with pytest.raises(httpx2.ConnectError):
        await ask(f"http://{spelling}:{inside.port}/")
    assert inside.reached == 0


async def test_a_name_is_refused_when_one_of_its_addresses_is_inside(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(httpx2.ConnectError, match="no public address"):
        await ask(f"http://crm.example:{inside.port}/")
    assert inside.reached == 0


async def test_the_address_that_was_judged_is_the_one_that_is_reached(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    assert await ask(f"http://crm.example:{inside.port}/", allow_private=True) == 200
    assert names.asked == 1, "a name that is looked up again could point elsewhere by then"


async def test_the_environment_names_no_proxy(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{inside.port}")
    with pytest.raises(httpx2.ConnectError):
        await ask("http://10.255.255.1:9/")
    assert inside.reached == 0
