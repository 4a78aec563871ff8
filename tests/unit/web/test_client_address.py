"""Whose address it was, behind proxies and behind liars."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from portal.settings import SettingsError
from portal.web.client_address import ClientAddressMiddleware, parse_address, parse_networks

TRUSTED = "10.0.0.0/8, 2001:db8::/32"


@pytest.mark.asvs("4.1.3", "15.3.4")
@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # not from a proxy of ours: made up
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),  # what stands further left, the client wrote
        ("10.0.0.1", "198.51.100.1, 10.2.3.4", "198.51.100.1"),
        ("10.0.0.1", "10.9.9.9, 10.2.3.4", "10.9.9.9"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db9::7]:4711", "2001:db9::7"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("2001:db8::5", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "<script>, 10.2.3.4", "10.2.3.4"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
    ],
)
async def test_the_nearest_address_that_is_no_proxy_of_ours(peer: str, forwarded: str, client: str) -> None:
    assert (await _state(peer, forwarded))["client_address"] == client


@pytest.mark.asvs("15.3.4")
@given(st.text(alphabet=st.characters(max_codepoint=255)))
async def test_whatever_a_client_writes_gives_an_address(forwarded: str) -> None:
    state = await _state("10.0.0.1", forwarded.replace("\n", "").replace("\r", ""))

    assert parse_address(state["client_address"]) is not None


async def test_a_client_without_an_address_has_none() -> None:
    assert await _state(None, "198.51.100.1") == {"through_proxy": False, "client_address": None}


def test_a_network_that_is_none_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="TRUSTED_PROXIES"):
        parse_networks("10.0.0.0/8, everybody")


@pytest.mark.parametrize("text", ["none", " None ", ""])
def test_where_there_are_no_proxies_nobody_is_believed(text: str) -> None:
    assert parse_networks(text) == []


async def _state(peer: str | None, forwarded: str) -> dict[str, Any]:
    scope: Scope = {
        "type": "http",
        "client": (peer, 1234) if peer else None,
        "headers": [(b"x-forwarded-for", forwarded.encode("latin-1"))] if forwarded else [],
    }

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        pass

    await ClientAddressMiddleware(app, parse_networks(TRUSTED))(scope, receive, send)
    state: dict[str, Any] = scope["state"]
    return state
