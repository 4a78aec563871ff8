"""A provider's public keys (RFC 7517), and which of them may have signed a token."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from portal.identity.failures import ProviderDown
from portal.identity.remote import ask

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures that are believed. No `none`, and no HMAC: a public key must never do as a shared secret."""

MOST_KEYS = 50
LEAST_RSA_BITS = 2048
_PUBLIC = ("kty", "kid", "alg", "use", "n", "e", "crv", "x", "y")


async def fetch(http: httpx2.AsyncClient, jwks_uri: str) -> list[Key]:
    """The keys that a provider publishes for signatures."""
    answer = await ask(http, "GET", jwks_uri)
    if answer.status != 200:
        raise ProviderDown(f"{jwks_uri} answers {answer.status}")
    return usable(answer.body)


def usable(document: Mapping[str, Any]) -> list[Key]:
    """The keys of a key set that can be used; others are passed over, as RFC 7517, section 5, asks."""
    published = document.get("keys")
    if not isinstance(published, list):
        return []
    return [key for jwk in published[:MOST_KEYS] if (key := _import(jwk)) is not None]


def candidates(keys: Iterable[Key], algorithm: str, kid: str | None) -> Sequence[Key]:
    """The keys that may have made a signature. Without a key id, that is any of the right kind."""
    return [
        key
        for key in keys
        if _fits(key, algorithm) and key.alg in (None, algorithm) and (kid is None or key.kid == kid)
    ]


def _import(jwk: object) -> Key | None:
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig" or not _long_enough(jwk):
        return None
    public = {name: jwk[name] for name in _PUBLIC if name in jwk}
    try:
        key = JWKRegistry.import_key(public)
        return key if any(_fits(key, algorithm) for algorithm in ALGORITHMS) else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _long_enough(jwk: Mapping[str, Any]) -> bool:
    modulus = jwk.get("n", "")
    return jwk.get("kty") != "RSA" or (isinstance(modulus, str) and len(modulus) * 6 >= LEAST_RSA_BITS)


def _fits(key: Key, algorithm: str) -> bool:
    match algorithm:
        case "RS256" | "PS256":
            return isinstance(key, RSAKey) and key.public_key.key_size >= LEAST_RSA_BITS
        case "ES256":
            return isinstance(key, ECKey) and key.curve_name == "P-256"
        case "EdDSA":
            return isinstance(key, OKPKey) and key.curve_name == "Ed25519"
    return False
