"""Rules that ID tokens and logout tokens share. Each gives what it checked, or raises `Refused` and names the rule."""

import hmac
from collections.abc import Mapping
from typing import Any

from portal.identity.failures import Refused

LEEWAY = 30
"""Seconds by which clocks may differ."""

OLDEST = 300
"""Seconds: the token was made for this, moments ago."""

LONGEST = 255
"""Characters of a subject (OpenID Connect Core 1.0, section 2), and of what else is kept of a token."""


def require(holds: bool, what: str, why: str) -> None:
    """What must hold of a token; `what` is how the token is called in the log."""
    if not holds:
        raise Refused(f"{what}: {why}")


def audiences(claims: Mapping[str, Any], what: str, client_id: str) -> list[object]:
    """For whom the token is, of whom we are one."""
    aud = claims.get("aud")
    found: list[object] = aud if isinstance(aud, list) else [aud]
    require(all(isinstance(one, str) for one in found), what, "aud is no text or list of texts")
    require(client_id in found, what, "aud is somebody else")
    return found


def issued(claims: Mapping[str, Any], what: str, moment: float) -> float:
    """When a token was made that counts at this moment."""
    expires, made = time(claims, what, "exp"), time(claims, what, "iat")
    not_before = time(claims, what, "nbf", default=0)
    require(expires > moment - LEEWAY, what, "it has expired")
    require(made <= moment + LEEWAY, what, "iat is in the future")
    require(made >= moment - OLDEST - LEEWAY, what, "iat is too long ago")
    require(not_before <= moment + LEEWAY, what, "nbf is in the future")
    return made


def time(claims: Mapping[str, Any], what: str, name: str, default: object = None) -> float:
    """A number of seconds that a calendar can hold; a boolean is a number to Python, and not here."""
    value = claims.get(name, default)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e11:
        raise Refused(f"{what}: {name} is missing or no time")
    return float(value)


def subject(claims: Mapping[str, Any], what: str) -> str:
    """At most 255 ASCII characters, and none that could break a line in a log."""
    found = text(claims, "sub")
    if found is None or not found.isascii() or not found.strip():
        raise Refused(f"{what}: sub is missing or too long")
    return found


def text(claims: Mapping[str, Any], name: str) -> str | None:
    """A short line of text; None if it is something else, or nothing."""
    value = claims.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable() else None


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode())
