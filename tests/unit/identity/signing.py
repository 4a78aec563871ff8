"""Keys and tokens for tests: an honest provider's, with anything changed that a test wants changed."""

import base64
import json
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final
from uuid import uuid4

from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact

from portal.identity.failures import Refused
from portal.identity.keys import candidates, usable

ISSUER = "https://login.example.com"
CLIENT = "portal"
NONCE = "n-0S6_WzA2Mj"
ACCESS_TOKEN = "the access token"
NOW = 1_800_000_000


class Missing:
    """Stands for a claim that is left out."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


@cache
def rsa_key(kid: str = "rsa") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid})


@cache
def ec_key(curve: str = "P-256") -> ECKey:
    return ECKey.generate_key(curve, {"kid": f"ec {curve}"})


@cache
def okp_key(curve: str = "Ed25519") -> OKPKey:
    return OKPKey.generate_key(curve, {"kid": f"okp {curve}"})  # type: ignore[arg-type]


def public(*keys: Key) -> dict[str, Any]:
    """A key set as a provider publishes it."""
    return {"keys": [key.as_dict(private=False) for key in keys]}


def honest_claims(now: int = NOW, **changes: object) -> dict[str, Any]:
    """The claims of a good token, with some changed, added or (MISSING) left out."""
    claims = {"iss": ISSUER, "aud": CLIENT, "sub": "alice", "nonce": NONCE, "iat": now, "exp": now + 300} | changes
    return {name: value for name, value in claims.items() if value is not MISSING}


def logout_claims(now: int = NOW, **changes: object) -> dict[str, Any]:
    """The claims of a good logout token, likewise; each has a `jti` of its own."""
    claims = {
        "iss": ISSUER,
        "aud": CLIENT,
        "iat": now,
        "exp": now + 120,
        "jti": uuid4().hex,
        "sub": "alice",
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    } | changes
    return {name: value for name, value in claims.items() if value is not MISSING}


def sign(
    claims: Mapping[str, Any] | str | bytes | None = None,
    *,
    key: Key | None = None,
    algorithm: str = "RS256",
    header: Mapping[str, Any] | None = None,
) -> str:
    """A signed token; header parameters set to MISSING are left out, and text is signed as it stands."""
    key = key or rsa_key()
    full = {"alg": algorithm, "kid": key.kid, **(header or {})}
    full = {name: value for name, value in full.items() if value is not MISSING}
    payload = claims if isinstance(claims, str | bytes) else json.dumps(honest_claims() if claims is None else claims)
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    with warnings.catch_warnings():
        # The library warns of the name EdDSA (RFC 9864), which is what providers send all the same.
        warnings.simplefilter("ignore", SecurityWarning)
        return serialize_compact(full, payload, key, registry=registry)


def assemble(header: object, payload: object, signature: bytes = b"") -> str:
    """A token from its parts, whatever they are; text is taken as it stands."""
    return ".".join(part(one) for one in (header, payload, signature))


def part(value: object) -> str:
    data = (
        value if isinstance(value, bytes) else value.encode() if isinstance(value, str) else json.dumps(value).encode()
    )
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def shared_secret_from(key: RSAKey) -> OctKey:
    """The public key's bytes as an HMAC secret, past the library's own check: what an attacker would do."""
    return OctKey(key.as_pem(private=False), key.as_pem(private=False), {"kid": key.kid or ""})


async def published(algorithm: str, kid: str | None) -> Sequence[Key]:
    """The keys of an honest provider that may have signed a token, as the portal asks for them.

    Raises:
        Refused: it has published none that could.
    """
    found = candidates(usable(public(rsa_key(), ec_key(), okp_key())), algorithm, kid)
    if not found:
        raise Refused("no such key")
    return found
