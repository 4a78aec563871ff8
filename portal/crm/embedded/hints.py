"""Enough of a contact to tell two people of one name apart, and not enough to reach either of them."""

from collections.abc import Iterable, Mapping
from typing import Any


def hints(contact_points: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The first e-mail address and the first phone number, most of each left out: `a…@example.com`, `…018`."""
    in_order = sorted(contact_points, key=lambda point: int(point["rank"]))
    first = {str(point["system"]): str(point["value"]) for point in reversed(in_order)}
    return tuple(_HIDE[system](first[system]) for system in _HIDE if system in first)


def _email(value: str) -> str:
    name, _at, domain = value.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _phone(value: str) -> str:
    return f"…{value[-3:]}"


_HIDE = {"email": _email, "phone": _phone}
