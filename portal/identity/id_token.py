"""Whether an ID token says what it has to say, to us, about this login (OpenID Connect Core 1.0, section 3.1.3.7).

The signature is jws.py's. Everything here is a pure function of the claims, what is expected, and the time.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal import clock
from portal.identity import token_rules
from portal.identity.failures import LoginTimeUnsaid
from portal.identity.jws import FindKeys, Opened, open_signed
from portal.identity.token_rules import LEEWAY, require

WHAT = "ID token"
TYPES = frozenset({"", "jwt"})


@dataclass(frozen=True, slots=True)
class Expected:
    """What this login's ID token must agree with. `max_age` (seconds) asks for a login that is no older, `acr_values`
    for one that was proved in one of these ways. With `trust_login_time` a token that does not say when the login was
    made says it by when it was made itself."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()
    trust_login_time: bool = False


@dataclass(frozen=True, slots=True)
class IdToken:
    """What a good ID token says. Without `auth_time` nobody knows when the login was made; no acr is the lowest.
    `sid` is the provider's own session, if it says which (Front- and Back-Channel Logout 1.0)."""

    issuer: str
    subject: str
    authenticated_at: datetime | None
    acr: str | None
    sid: str | None
    claims: Mapping[str, Any]


async def validate(token: str, expected: Expected, find_keys: FindKeys) -> IdToken:
    """Check a token from its form to its last claim.

    Raises:
        Refused: a rule is broken; the message names it.
        LoginTimeUnsaid: `max_age` was asked for, and there is no auth_time.
    """
    opened = await open_signed(token, WHAT, TYPES, find_keys)
    return judge(opened, expected, clock.now())


def judge(opened: Opened, expected: Expected, now: datetime) -> IdToken:
    """Check the claims of a token whose signature is good."""
    claims, moment = opened.claims, now.timestamp()
    require(claims.get("iss") == expected.issuer, WHAT, "iss is another")
    _audience(claims, expected.client_id)
    nonce = claims.get("nonce")
    good = isinstance(nonce, str) and token_rules.same(nonce, expected.nonce)
    require(good, WHAT, "nonce is not that of this login")
    issued = token_rules.issued(claims, WHAT, moment)
    subject = token_rules.subject(claims, WHAT)
    _access_token(claims, opened.algorithm, expected.access_token)
    acr = token_rules.text(claims, "acr")
    require(not expected.acr_values or acr in expected.acr_values, WHAT, "acr is none of those that were asked for")
    return IdToken(
        issuer=expected.issuer,
        subject=subject,
        authenticated_at=_authenticated(claims, expected, issued, moment),
        acr=acr,
        sid=token_rules.text(claims, "sid"),
        claims=claims,
    )


def _audience(claims: Mapping[str, Any], client_id: str) -> None:
    audiences, azp = token_rules.audiences(claims, WHAT, client_id), claims.get("azp")
    # With others in the audience, only azp says that the token was issued to us.
    require(azp == client_id or (azp is None and len(audiences) == 1), WHAT, "azp is somebody else")


def _authenticated(claims: Mapping[str, Any], expected: Expected, issued: float, moment: float) -> datetime | None:
    if "auth_time" in claims:
        at = token_rules.time(claims, WHAT, "auth_time")
    elif expected.trust_login_time:
        at = issued
    elif expected.max_age is None:
        return None
    else:
        raise LoginTimeUnsaid(f"{WHAT}: auth_time is missing, and a fresh login was asked for")
    require(at <= moment + LEEWAY, WHAT, "auth_time is in the future")
    oldest = 0 if expected.max_age is None else moment - expected.max_age - LEEWAY
    require(at >= oldest, WHAT, "auth_time is too long ago")
    return datetime.fromtimestamp(at, UTC)


def _access_token(claims: Mapping[str, Any], algorithm: str, access_token: str) -> None:
    """Where the token has a hash of the access token, it is that of ours (section 3.1.3.8)."""
    if "at_hash" not in claims:
        return
    # EdDSA hashes with SHA-512 inside, and so here; the others of the allowlist with SHA-256.
    hashed = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(access_token.encode()).digest()
    half = base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode()
    at_hash = claims["at_hash"]
    good = isinstance(at_hash, str) and token_rules.same(at_hash, half)
    require(good, WHAT, "at_hash is that of another access token")
