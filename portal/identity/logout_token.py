"""Whether a logout token says that somebody has logged out at their provider (Back-Channel Logout 1.0, section 2.6).

The signature is jws.py's. Everything here is a pure function of the claims, what is expected, and the time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal import clock
from portal.identity import token_rules
from portal.identity.jws import FindKeys, Opened, open_signed
from portal.identity.token_rules import LEEWAY, OLDEST, require

WHAT = "logout token"
TYPES = frozenset({"logout+jwt"})
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """Whose sessions end: those of `sid`, or all of `subject` where there is none. From `forget_at` on it would be
    refused for its age, so that nobody needs to remember that it was heard."""

    jti: str
    subject: str | None
    sid: str | None
    forget_at: datetime


async def validate(token: str, issuer: str, client_id: str, find_keys: FindKeys) -> LogoutToken:
    """Check a token from its form to its last claim.

    Raises:
        Refused: a rule is broken; the message names it.
    """
    opened = await open_signed(token, WHAT, TYPES, find_keys)
    return judge(opened, issuer, client_id, clock.now())


def judge(opened: Opened, issuer: str, client_id: str, now: datetime) -> LogoutToken:
    """Check the claims of a token whose signature is good."""
    claims = opened.claims
    require(claims.get("iss") == issuer, WHAT, "iss is another")
    token_rules.audiences(claims, WHAT, client_id)
    made = token_rules.issued(claims, WHAT, now.timestamp())
    _event(claims)
    require("nonce" not in claims, WHAT, "it has a nonce, as an ID token has")
    jti = token_rules.text(claims, "jti")
    require(jti is not None, WHAT, "jti is missing or too long")
    subject = token_rules.subject(claims, WHAT) if "sub" in claims else None
    sid = token_rules.text(claims, "sid")
    require("sid" not in claims or sid is not None, WHAT, "sid is no text, or too long")
    require(subject is not None or sid is not None, WHAT, "it has neither sub nor sid")
    return LogoutToken(str(jti), subject, sid, datetime.fromtimestamp(made + OLDEST + 2 * LEEWAY, UTC))


def _event(claims: Mapping[str, Any]) -> None:
    events = claims.get("events")
    found = isinstance(events, dict) and isinstance(events.get(EVENT), dict)
    require(found, WHAT, "events does not say that it is about logging out")
