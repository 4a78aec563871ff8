"""Where a connection may go: to the CRM that was meant, and not into the network that the portal runs in.

The name is resolved once, every address it has is judged, and the connection is made to the address that was judged. So
neither a name that points inside, nor one that points elsewhere a moment later, leads anywhere (OWASP: server-side
request forgery, DNS rebinding). TLS still asks for a certificate of the name.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

import httpcore2
import httpx2

Address = IPv4Address | IPv6Address

NAT64 = IPv6Network("64:ff9b::/96")
PUBLIC_V6 = IPv6Network("2000::/3")
RESERVED = [ip_network(one) for one in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20")]
"""For purposes of their own, which not every Python knows of all (IANA's registries of special-purpose addresses)."""
CREDENTIALS = [
    ip_network(one)
    for one in (
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:42::42", "fd00:ec2::/32", "fd20:ce::/32",
    )
]  # fmt: skip
"""Where clouds (Alibaba, Azure, Oracle, Scaleway, Amazon, Google) tell machines their credentials, besides link-local
addresses."""
RESOLVE_SECONDS = 3.0


class Forbidden(httpcore2.ConnectError):
    """The name leads to an address that the portal does not go to."""


def transport(*, allow_private: bool) -> httpx2.AsyncHTTPTransport:
    """Connections to where they may go; nothing of the environment (proxies) changes the way."""
    made = httpx2.AsyncHTTPTransport(trust_env=False)
    # There is no public way to hand a network to the transport; tests/unit/crm/test_reach.py sees it when this changes.
    made._pool._network_backend = GuardedNetwork(allow_private=allow_private)
    return made


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Connects to judged addresses alone. `allow_private` is the operator's word that the CRM is in their network."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to the first of the name's addresses that answers.

        Raises:
            Forbidden: one of its addresses is none that the portal goes to.
            httpcore2.ConnectError: it has none, or none answers.
        """
        failure: Exception | None = None
        for address in await self._addresses(host, port):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure or httpcore2.ConnectError(f"{host} has no address")

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        """Never: a CRM is not a file on this machine."""
        raise Forbidden("not a CRM")

    async def sleep(self, seconds: float) -> None:
        """Wait, between two attempts to connect."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError):
            raise httpcore2.ConnectError(f"the name {host} cannot be resolved") from None
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        for address in addresses:
            if not allowed(address, allow_private=self._allow_private):
                raise Forbidden(f"{host} is at {address}, which is no public address")
        return addresses


def allowed(address: str, *, allow_private: bool = False) -> bool:
    """Whether the portal connects to an address. Those where clouds hand out credentials (link-local ones, and some
    besides), broadcast and multicast are never meant."""
    ip = _meant(ip_address(address.partition("%")[0]))
    if ip.is_multicast or ip.is_link_local or ip.is_unspecified or str(ip) == "255.255.255.255":
        return False
    if any(ip in network for network in CREDENTIALS):
        return False
    reserved = any(ip in network for network in RESERVED)
    if ip.is_global and not reserved and (isinstance(ip, IPv4Address) or ip in PUBLIC_V6):
        return True
    return allow_private and (ip.is_private or ip.is_loopback)


def _meant(ip: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it stands for one."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) or ip
