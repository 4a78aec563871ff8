"""Whose address a request came from, where proxies stand in between."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import ASGIApp, Receive, Scope, Send

from portal.settings import SettingsError
from portal.web.headers import each_header

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class ClientAddressMiddleware:
    """Puts `client_address` (text, or None) and `through_proxy` into the request's state.

    X-Forwarded-For is believed as far as it was written by proxies in `trusted`: from the right, up to the first
    address that is none of theirs. Whatever stands further left, the client may have made up.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[Network]) -> None:
        self.app = app
        self.trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            peer = parse_address(scope["client"][0]) if scope.get("client") else None
            forwarded = each_header(scope, b"x-forwarded-for")
            state = scope.setdefault("state", {})
            state["through_proxy"] = peer is not None and self._trusts(peer)
            client = self._client(peer, ",".join(forwarded)) if peer else None
            state["client_address"] = str(client) if client else None
        await self.app(scope, receive, send)

    def _client(self, peer: Address, forwarded: str) -> Address:
        nearest = peer
        for address in _from_the_right(forwarded):
            if address is None or not self._trusts(nearest):
                break
            nearest = address
        return nearest

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.trusted)


NO_PROXY = "none"
"""What TRUSTED_PROXIES says where clients reach the portal themselves."""


def parse_networks(text: str) -> list[Network]:
    """The networks in TRUSTED_PROXIES; none for `none`.

    Raises:
        SettingsError: one of them is none.
    """
    if text.strip().lower() == NO_PROXY:
        return []
    try:
        return [ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise SettingsError(f"TRUSTED_PROXIES: {error}; give networks such as 10.0.0.0/8, 192.0.2.7, or none") from None


def parse_address(text: str) -> Address | None:
    """An address as proxies write it: bare, with a port, or in brackets. None if it is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _from_the_right(forwarded: str) -> Iterator[Address | None]:
    if forwarded:
        for part in reversed(forwarded.split(",")[-20:]):
            yield parse_address(part)
