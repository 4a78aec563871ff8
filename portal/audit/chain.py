"""Checking one chain: a pure function over what is stored."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from portal.audit.cipher import CustomerKey, Undecipherable
from portal.audit.entry import GENESIS, leaf_hash, opened, read_sealed
from portal.audit.sealed import SealedEntry, canonical
from portal.audit.total import Shown, Total
from portal.i18n import gettext as _


class StoredEntry(NamedTuple):
    """A row of the change log: the entry's bytes, and the columns that say again, for searching, what is in them."""

    seq: int
    at: datetime
    action: str
    actor_kind: str
    actor_id: str
    via: str
    request_id: UUID
    paths: list[str]
    entry: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain does not hold, and why, in the reader's language."""

    seq: int
    why: str


def check_chain(
    chain: UUID,
    seq: int,
    head: bytes,
    entries: Iterable[StoredEntry],
    key: CustomerKey | None,
    shown: Shown | None,
) -> Break | None:
    """Walk a chain from its genesis to its head.

    Args:
        chain, seq, head: what the customer's row says: name, number of the last entry, its leaf hash.
        entries: all entries of the chain, in order.
        key: to decrypt values with; None where the customer was erased.
        shown: what the tables say; None to leave out the comparison with what the entries add up to.

    Returns:
        The first break, or None if every entry is there and unaltered, and the record is what they add up to.
    """
    walk = Walk(chain, seq, head, key, adds_up=shown is not None)
    return walk.through(entries) or walk.end(shown)


class Walk:
    """A walk along one chain, piece by piece: the entries of a long one need not be in memory together."""

    def __init__(self, chain: UUID, seq: int, head: bytes, key: CustomerKey | None, *, adds_up: bool) -> None:
        """As for `check_chain`; `adds_up` says whether `end` will ask what the entries add up to."""
        self.chain, self.seq, self.head, self.key = chain, seq, head, key
        self.previous, self.expected = GENESIS, 1
        self.total = Total() if adds_up else None

    def through(self, entries: Iterable[StoredEntry]) -> Break | None:
        """The next entries, in order: the first of them that breaks the chain."""
        chain, seq, key, total, previous, expected = (
            self.chain, self.seq, self.key, self.total, self.previous, self.expected,
        )  # fmt: skip
        for stored in entries:
            if stored.seq != expected:
                return Break(expected, _missing(expected))
            if stored.seq > seq:
                return Break(stored.seq, _("it stands beyond the record's version, %(seq)s") % {"seq": seq})
            if leaf_hash(stored.entry) != stored.leaf:
                return Break(stored.seq, _("the entry was altered: its hash is another"))
            try:
                entry = read_sealed(stored.entry)
                if broken := _broken(stored, entry, chain, previous):
                    return Break(stored.seq, broken)
                if total is not None:
                    total.hear(opened(entry, key))
            except ValueError:
                return Break(stored.seq, _("the entry cannot be read"))
            except Undecipherable:
                return Break(stored.seq, _("a value cannot be decrypted"))
            previous, expected = stored.leaf, expected + 1
        self.previous, self.expected = previous, expected
        return None

    def end(self, shown: Shown | None) -> Break | None:
        """What is wrong with a chain whose entries were all walked."""
        if self.expected - 1 != self.seq:
            return Break(self.expected, _missing(self.expected))
        if self.previous != self.head:
            return Break(self.seq, _("the record's head is not the hash of its last change"))
        if shown is None or self.key is None or self.total is None:
            return None
        if found := self.total.difference(shown):
            path, last = found
            return Break(last or self.seq, _("the record differs from its changes at %(path)s") % {"path": path})
        return None


def _missing(seq: int) -> str:
    return _("change %(seq)s is missing") % {"seq": seq}


def _broken(stored: StoredEntry, entry: SealedEntry, chain: UUID, previous: bytes) -> str | None:
    if entry.prev != previous.hex():
        return _("the entry does not follow the one before it")
    # Numbers, because UUID compares itself in Python.
    if entry.seq != stored.seq or entry.chain.int != chain.int:
        return _("the entry belongs to another place")
    actor = entry.actor
    if (
        entry.action != stored.action
        or actor.kind != stored.actor_kind
        or actor.id != stored.actor_id
        or actor.via != stored.via
        or entry.request.int != stored.request_id.int
        or datetime.fromisoformat(entry.at) != stored.at
        or [diff.path for diff in entry.diffs] != stored.paths
    ):
        return _("the columns beside the entry say something else than it does")
    if canonical(entry) != stored.entry:
        return _("the entry is not in canonical form")
    return None
