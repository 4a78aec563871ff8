"""What a provider says about itself (OpenID Connect Discovery 1.0), and what of it is believed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx2

from portal.identity.failures import ProviderDown, ProviderMistaken
from portal.identity.remote import Answer, ask
from portal.loopback import is_loopback


@dataclass(frozen=True, slots=True)
class Metadata:
    """A provider's addresses and habits.

    Attributes:
        pushed_endpoint: where an authorization request is sent ahead (RFC 9126).
        client_authentication: how it lets clients show who they are.
        client_signatures: with which algorithms a client may sign that; None where it does not say.
        names_itself: it adds `iss` to every callback (RFC 9207).
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    end_session_endpoint: str | None
    pushed_endpoint: str | None
    client_authentication: frozenset[str]
    client_signatures: frozenset[str] | None
    names_itself: bool


async def discover(http: httpx2.AsyncClient, issuer: str, *, loopback: bool) -> Metadata:
    """Fetch and check a provider's configuration document.

    Raises:
        ProviderDown: it does not answer.
        ProviderMistaken: the document is not that of this issuer, or cannot be used; the message says why.
    """
    return read((await fetch(http, issuer, loopback=loopback)).body, issuer, loopback=loopback)


async def fetch(http: httpx2.AsyncClient, issuer: str, *, loopback: bool) -> Answer:
    """Fetch the document alone.

    Raises:
        ProviderDown, ProviderMistaken: there is none.
    """
    url = issuer.removesuffix("/") + "/.well-known/openid-configuration"
    if not _safe(url, loopback):
        raise ProviderMistaken(f"the issuer {issuer!r} is no https address")
    answer = await ask(http, "GET", url)
    if answer.status != 200:
        raise ProviderDown(f"{url} answers {answer.status}")
    return answer


def read(document: Mapping[str, Any], issuer: str, *, loopback: bool) -> Metadata:
    """The metadata in a configuration document.

    Args:
        issuer: as it is configured; the document must name the very same one, or it speaks for somebody else.
        loopback: whether plain http will do on one's own machine.
    """
    if document.get("issuer") != issuer:
        found = document.get("issuer")
        raise ProviderMistaken(f"the configured issuer is {issuer!r}, and the provider calls itself {found!r}")

    def address(name: str) -> str | None:
        url = document.get(name)
        if url is None:
            return None
        if not isinstance(url, str) or not _safe(url, loopback):
            raise ProviderMistaken(f"its {name} is no https address")
        return url

    def required(name: str) -> str:
        url = address(name)
        if url is None:
            raise ProviderMistaken(f"it names no {name}")
        return url

    pushed = address("pushed_authorization_request_endpoint")
    if pushed is None and document.get("require_pushed_authorization_requests") is True:
        raise ProviderMistaken("it wants pushed authorization requests, and names no endpoint for them")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=required("authorization_endpoint"),
        token_endpoint=required("token_endpoint"),
        jwks_uri=required("jwks_uri"),
        userinfo_endpoint=address("userinfo_endpoint"),
        end_session_endpoint=address("end_session_endpoint"),
        pushed_endpoint=pushed,
        # Where nothing is said, it is client_secret_basic (Discovery, section 3).
        client_authentication=_texts(document, "token_endpoint_auth_methods_supported")
        or frozenset({"client_secret_basic"}),
        client_signatures=_texts(document, "token_endpoint_auth_signing_alg_values_supported"),
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _safe(url: str, loopback: bool) -> bool:
    """An address that nobody on the way can read or alter."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or parts.username is not None or parts.fragment or not url.isascii() or not url.isprintable():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and loopback and is_loopback(host))


def _texts(document: Mapping[str, Any], name: str) -> frozenset[str] | None:
    """The texts of a list; None where there is no list."""
    values = document.get(name)
    return frozenset(one for one in values if isinstance(one, str)) if isinstance(values, list) else None
