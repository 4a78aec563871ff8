"""Headers as the server has them: pairs of bytes, names in small letters. Every request passes a dozen layers that look
at one or two of them, for which Starlette's mappings are too dear."""

from collections.abc import Iterable
from typing import TypeAlias

from starlette.types import Message, Scope

Pair: TypeAlias = tuple[bytes, bytes]


def header(told: Scope | Message, name: bytes) -> str:
    """The first header of this name in a request, or in an answer that begins; empty where there is none."""
    for key, value in told["headers"]:
        if key == name:
            return str(value, "latin-1")
    return ""


def each_header(scope: Scope, name: bytes) -> list[str]:
    """All of a name."""
    return [str(value, "latin-1") for key, value in scope["headers"] if key == name]


def add_missing(message: Message, pairs: Iterable[Pair]) -> None:
    """Give an answer that begins those headers that it does not have yet."""
    given = list(message["headers"])
    names = {name for name, _value in given}
    message["headers"] = [*given, *(pair for pair in pairs if pair[0] not in names)]
