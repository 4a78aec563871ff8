"""Whether an ID token says what it has to say, to us, about this login (OpenID Connect Core 1.0, section 3.1.3.7).

The signature is jws.py's. Everything here is a pure function of the claims, what is expected, and the time.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal import clock
from portal.identity.failures import Refused
from portal.identity.jws import FindKeys, Opened, open_signed

TYPES = frozenset({"", "jwt"})
LEEWAY = 30
"""Seconds by which clocks may differ."""

OLDEST = 300
"""Seconds: the token was made for this login, moments ago."""

LONGEST_SUBJECT = 255


@dataclass(frozen=True, slots=True)
class Expected:
    """What this login's ID token must agree with. `max_age` (seconds) asks for a login that is no older, `acr_values`
    for one that was proved in one of these ways."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdToken:
    """What a good ID token says. Without `auth_time` the login was made when the token was; no acr is the lowest.
    `sid` is the provider's own session, if it says which (Front- and Back-Channel Logout 1.0)."""

    issuer: str
    subject: str
    authenticated_at: datetime
    acr: str | None
    sid: str | None
    claims: Mapping[str, Any]


async def validate(token: str, expected: Expected, find_keys: FindKeys) -> IdToken:
    """Check a token from its form to its last claim.

    Raises:
        Refused: a rule is broken; the message names it.
    """
    opened = await open_signed(token, "ID token", TYPES, find_keys)
    return judge(opened, expected, clock.now())


def judge(opened: Opened, expected: Expected, now: datetime) -> IdToken:
    """Check the claims of a token whose signature is good."""
    claims, moment = opened.claims, now.timestamp()
    _require(claims.get("iss") == expected.issuer, "iss is another")
    _audience(claims, expected.client_id)
    nonce = claims.get("nonce")
    _require(isinstance(nonce, str) and _same(nonce, expected.nonce), "nonce is not that of this login")
    issued = _times(claims, moment)
    _require(_presentable(claims.get("sub")), "sub is missing or too long")
    _access_token(claims, opened.algorithm, expected.access_token)
    acr = _short(claims, "acr")
    _require(not expected.acr_values or acr in expected.acr_values, "acr is none of those that were asked for")
    return IdToken(
        issuer=expected.issuer,
        subject=claims["sub"],
        authenticated_at=datetime.fromtimestamp(_authenticated(claims, expected.max_age, moment) or issued, UTC),
        acr=acr,
        sid=_short(claims, "sid"),
        claims=claims,
    )


def _audience(claims: Mapping[str, Any], client_id: str) -> None:
    aud, azp = claims.get("aud"), claims.get("azp")
    audiences: list[object] = aud if isinstance(aud, list) else [aud]
    _require(all(isinstance(one, str) for one in audiences), "aud is no text or list of texts")
    _require(client_id in audiences, "aud is somebody else")
    # With others in the audience, only azp says that the token was issued to us.
    _require(azp == client_id or (azp is None and len(audiences) == 1), "azp is somebody else")


def _times(claims: Mapping[str, Any], moment: float) -> float:
    expires, issued, not_before = _time(claims, "exp"), _time(claims, "iat"), _time(claims, "nbf", default=0)
    _require(expires > moment - LEEWAY, "it has expired")
    _require(issued <= moment + LEEWAY, "iat is in the future")
    _require(issued >= moment - OLDEST - LEEWAY, "iat is too long ago")
    _require(not_before <= moment + LEEWAY, "nbf is in the future")
    return issued


def _authenticated(claims: Mapping[str, Any], max_age: int | None, moment: float) -> float | None:
    if max_age is None and "auth_time" not in claims:
        return None
    at = _time(claims, "auth_time")
    _require(at <= moment + LEEWAY, "auth_time is in the future")
    _require(max_age is None or at >= moment - max_age - LEEWAY, "auth_time is too long ago")
    return at


def _access_token(claims: Mapping[str, Any], algorithm: str, access_token: str) -> None:
    """Where the token has a hash of the access token, it is that of ours (section 3.1.3.8)."""
    if "at_hash" not in claims:
        return
    # EdDSA hashes with SHA-512 inside, and so here; the others of the allowlist with SHA-256.
    hashed = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(access_token.encode()).digest()
    half = base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()
    at_hash = claims["at_hash"]
    _require(isinstance(at_hash, str) and _same(at_hash, half), "at_hash is that of another access token")


def _short(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_SUBJECT and value.isprintable() else None


def _presentable(subject: object) -> bool:
    """At most 255 ASCII characters (section 2), and none that could break a line in a log."""
    fits = isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT
    return fits and isinstance(subject, str) and subject.isascii() and subject.isprintable() and bool(subject.strip())


def _time(claims: Mapping[str, Any], name: str, default: object = None) -> float:
    """A number of seconds that a calendar can hold; a boolean is a number to Python, and not here."""
    value = claims.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e11:
        raise Refused(f"ID token: {name} is missing or no time")
    return float(value)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode())


def _require(holds: bool, why: str) -> None:
    if not holds:
        raise Refused(f"ID token: {why}")
