"""What to do with a form that was rendered from an older version of the record: a pure three-way comparison."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.audit.entry import Diff
from portal.audit.values import State, Value


@dataclass(frozen=True, slots=True)
class ConflictingField:
    """The three columns of the conflict page: what the person saw, what it is now, what they typed."""

    path: str
    seen: Value
    current: Value
    typed: Value


def unfold(state: Mapping[str, Value], diffs: Iterable[Diff]) -> State:
    """The flat record before some diffs, given newest first."""
    before = dict(state)
    for diff in diffs:
        if diff.old is None:
            before.pop(diff.path, None)
        else:
            before[diff.path] = diff.old
    return before


def rebase(
    seen: Mapping[str, Value], current: Mapping[str, Value], typed: Mapping[str, Value]
) -> tuple[dict[str, Value], list[ConflictingField]]:
    """What of `typed` is to be written on top of `current`, and what only the person can decide.

    A value that was left as it was seen asks for nothing. One that the person changed and nobody else did is taken. One
    that both changed, to different values, is a conflict.
    """
    wanted: dict[str, Value] = {}
    conflicts: list[ConflictingField] = []
    for path, value in typed.items():
        saw, now = seen.get(path), current.get(path)
        if value in (saw, now):
            continue
        if saw == now:
            wanted[path] = value
        else:
            conflicts.append(ConflictingField(path, saw, now, value))
    return wanted, conflicts
