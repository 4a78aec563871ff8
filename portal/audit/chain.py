"""Checking one chain: a pure function over what is stored."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import rfc8785

from portal.audit.cipher import CustomerKey, Undecipherable
from portal.audit.entry import GENESIS, Entry, leaf_hash, unseal
from portal.audit.total import Shown, Total
from portal.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class StoredEntry:
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
    previous, expected = GENESIS, 1
    total = Total()
    for stored in entries:
        if stored.seq != expected:
            return Break(expected, _missing(expected))
        if stored.seq > seq:
            return Break(stored.seq, _("it stands beyond the record's version, %(seq)s") % {"seq": seq})
        if broken := _broken(stored, chain, previous):
            return Break(stored.seq, broken)
        if shown is not None:
            try:
                total.hear(unseal(stored.entry, key))
            except Undecipherable:
                return Break(stored.seq, _("a value cannot be decrypted"))
        previous, expected = stored.leaf, expected + 1
    if expected - 1 != seq:
        return Break(expected, _missing(expected))
    if previous != head:
        return Break(seq, _("the record's head is not the hash of its last change"))
    if shown is not None and key is not None and (found := total.difference(shown)):
        path, last = found
        return Break(last or seq, _("the record differs from its changes at %(path)s") % {"path": path})
    return None


def _missing(seq: int) -> str:
    return _("change %(seq)s is missing") % {"seq": seq}


def _broken(stored: StoredEntry, chain: UUID, previous: bytes) -> str | None:
    if leaf_hash(stored.entry) != stored.leaf:
        return _("the entry was altered: its hash is another")
    try:
        entry = unseal(stored.entry, None)
    except ValueError:
        return _("the entry cannot be read")
    if entry.prev != previous:
        return _("the entry does not follow the one before it")
    if entry.chain != chain or entry.seq != stored.seq:
        return _("the entry belongs to another place")
    if _columns(entry) != (
        stored.at, stored.action, stored.actor_kind, stored.actor_id, stored.via, stored.request_id, stored.paths,
    ):  # fmt: skip
        return _("the columns beside the entry say something else than it does")
    if not _canonical(stored.entry):
        return _("the entry is not in canonical form")
    return None


def _columns(entry: Entry) -> tuple[object, ...]:
    actor = entry.actor
    return entry.at, entry.action, actor.kind.value, actor.id, actor.via, entry.request, entry.paths


def _canonical(data: bytes) -> bool:
    return rfc8785.dumps(json.loads(data)) == data
