"""Reading what a provider says about a person, without believing anything about its form."""

import unicodedata
from collections.abc import Mapping
from typing import Any

_LONGEST_TEXT = 200
MAILBOX = ("email", "email_verified")


def find(claims: Mapping[str, Any], name: str) -> object:
    """A claim by its name; a name with dots may also be the way to one inside others (`realm_access.roles`)."""
    if name in claims:
        return claims[name]
    value: object = claims
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def merged(id_token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """What both say, the ID token first; an address and whether it is verified come from one of them, together."""
    both = {**userinfo, **id_token}
    mailbox = _mailbox(id_token, userinfo)
    return {name: value for name, value in both.items() if name not in MAILBOX} | mailbox


def _mailbox(id_token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """Whoever names the address says whether it is verified. Userinfo is heard on an address of the ID token where it
    names the same one and the ID token does not say."""
    said = [{name: source[name] for name in MAILBOX if name in source} for source in (id_token, userinfo)]
    naming = [pair for pair in said if "email" in pair]
    if not naming:
        return {}
    first, last = naming[0], naming[-1]
    return last if first.keys() < last.keys() and first["email"] == last["email"] else first


def text(value: object) -> str | None:
    """A line of text that can be kept and shown; None if it is something else, or nothing."""
    if not isinstance(value, str):
        return None
    shown = "".join(c for c in value if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    return " ".join(shown.split())[:_LONGEST_TEXT] or None


def texts(value: object) -> frozenset[str]:
    """The texts of a claim that may be one or a list of them."""
    values = value if isinstance(value, list) else [value]
    return frozenset(one for one in values if isinstance(one, str))


def customer_number(value: object) -> str | None:
    """A customer number as it is stored: providers write it as text or as a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    number = text(value)
    return number if number is not None and number == str(value).strip() else None


def display_name(claims: Mapping[str, Any], subject: str) -> str:
    """What to call a person of whom nothing else is known."""
    named = (text(claims.get(name)) for name in ("name", "preferred_username", "email"))
    return next((name for name in named if name), subject)
