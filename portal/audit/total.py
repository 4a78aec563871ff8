"""What the entries of a chain add up to, to be held against what the tables say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import TypeAlias

from portal.audit.entry import Entry, fold_into
from portal.audit.values import State, Value

Said: TypeAlias = tuple[int, datetime, str, str]
"""Who said so last: the change's number and time, its actor's kind and way in."""
Revision: TypeAlias = tuple[str, str, int]
"""A note, a body that it had, and the change that gave it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the tables say of a record: `said` by profile path and by item, `revisions` in any order."""

    state: Mapping[str, Value]
    said: Mapping[str, Said]
    revisions: Sequence[Revision]


@dataclass(slots=True)
class Total:
    """The sum of the entries heard so far."""

    state: State = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)
    revisions: list[Revision] = field(default_factory=list)
    last: dict[str, int] = field(default_factory=dict)

    def hear(self, entry: Entry) -> None:
        """Add an entry."""
        fold_into(self.state, entry.diffs)
        by = entry.seq, entry.at, entry.actor.kind.value, entry.actor.via
        for diff in entry.diffs:
            item = item_of(diff.path)
            self.last[diff.path], self.said[item] = entry.seq, by
            if item.startswith("notes/") and diff.path.endswith("/body") and diff.new is not None:
                self.revisions.append((item, str(diff.new), entry.seq))

    def difference(self, shown: Shown) -> tuple[str, int | None] | None:
        """The first place where the tables say something else, and the change that it was last right in, if any was."""
        for path in sorted(self.state.keys() | shown.state.keys()):
            if self.state.get(path) != shown.state.get(path):
                return path, self.last.get(path)
        for item, by in sorted(shown.said.items()):
            if self.said.get(item) != by:
                return item, self.said[item][0] if item in self.said else None
        # Those of one change have no order among themselves: it is one intention.
        for ours, theirs in zip_longest(*(sorted(each, key=_place) for each in (self.revisions, shown.revisions))):
            if ours != theirs:
                item, _body, seq = ours or theirs
                return item, seq
        return None


def item_of(path: str) -> str:
    """What a path belongs to: the profile field itself, or the item by its collection and id."""
    return path if path.startswith("profile/") else path.rsplit("/", 1)[0]


def _place(revision: Revision) -> tuple[int, str]:
    item, _body, seq = revision
    return seq, item
