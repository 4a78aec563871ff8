"""Entry format 1: the bytes of a change record, stored as they are hashed, and never to change without a new `v`.

An entry is RFC 8785 canonical JSON:

    {v, origin, chain, seq, prev, at, action, actor{kind, id, via}, request, diffs[{path, old, new}], evidence}

`prev` is the leaf hash of the entry before it in the same chain (hex; 64 zeros for the first), so that the chain's
link is itself the RFC 9162 leaf: SHA-256(0x00 || entry). Personal values (old and new of each diff, and the evidence
under `personal`) are null or encrypted slots {n, c}, tied to origin, chain, seq, path and slot.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from portal.audit.actor import Actor, ActorKind
from portal.audit.cipher import CustomerKey, Sealed, context
from portal.audit.sealed import Personal, SealedActor, SealedDiff, SealedEntry, canonical, parse
from portal.audit.values import State, Value, format_moment

__all__ = [
    "ERASED",
    "GENESIS",
    "VERSION",
    "Actor",
    "ActorKind",
    "Diff",
    "Entry",
    "Erased",
    "Evidence",
    "fold",
    "fold_into",
    "leaf_hash",
    "opened",
    "read_sealed",
    "seal",
    "unseal",
]

VERSION = 1
GENESIS = bytes(32)
"""What stands in `prev` of a chain's first entry."""


@dataclass(frozen=True, slots=True)
class Diff:
    path: str
    old: Value
    new: Value


@dataclass(frozen=True, slots=True)
class Evidence:
    """How it is known that the actor meant it. `facts` are stored in the clear, `personal` values encrypted."""

    facts: Mapping[str, str | int] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)


class Erased:
    """Stands where a value was whose key has been destroyed."""

    def __repr__(self) -> str:
        return "ERASED"


ERASED: Final = Erased()


@dataclass(frozen=True, slots=True)
class Entry:
    origin: str
    chain: UUID
    seq: int
    prev: bytes
    at: datetime
    action: str
    actor: Actor
    request: UUID
    diffs: tuple[Diff, ...]
    evidence: Evidence

    @property
    def paths(self) -> list[str]:
        return [diff.path for diff in self.diffs]


def leaf_hash(entry: bytes) -> bytes:
    """The RFC 9162 leaf hash of an entry's bytes."""
    return hashlib.sha256(b"\x00" + entry).digest()


def seal(entry: Entry, key: CustomerKey) -> bytes:
    """The bytes of an entry, personal values encrypted."""
    here = _place(entry.origin, entry.chain, entry.seq)

    def slot(value: Value, place: bytes) -> Sealed | None:
        return None if value is None else key.seal(value, place)

    diffs = []
    for diff in entry.diffs:
        place = here + context(diff.path)
        old = slot(diff.old, place + _OLD)
        diffs.append(SealedDiff(slot(diff.new, place + _NEW), old, diff.path))
    personal: Personal = {
        name: slot(value, here + _of_evidence(name)) for name, value in entry.evidence.personal.items()
    }
    return canonical(
        SealedEntry(
            action=entry.action,
            actor=SealedActor(entry.actor.id, entry.actor.kind, entry.actor.via),
            at=format_moment(entry.at),
            chain=entry.chain,
            diffs=diffs,
            evidence={**entry.evidence.facts, "personal": personal},
            origin=entry.origin,
            prev=entry.prev.hex(),
            request=entry.request,
            seq=entry.seq,
            v=VERSION,
        )
    )


def unseal(data: bytes, key: CustomerKey | None) -> Entry:
    """The entry that some bytes say. Without a key, its values are ERASED.

    Raises:
        ValueError: the bytes are no entry of format 1.
        Undecipherable: a value is not what was sealed in this place.
    """
    return opened(read_sealed(data), key)


def read_sealed(data: bytes) -> SealedEntry:
    """The first half of `unseal`: what can be read without a key.

    Raises:
        ValueError: the bytes are no entry of format 1.
    """
    return parse(data, VERSION)


def opened(sealed: SealedEntry, key: CustomerKey | None) -> Entry:
    """The second half of `unseal`: with its values.

    Raises:
        ValueError, Undecipherable: as there.
    """
    here = _place(sealed.origin, sealed.chain, sealed.seq)

    def value(slot: Sealed | None, place: bytes) -> Any:
        if slot is None:
            return None
        return ERASED if key is None else key.unseal(slot, place)

    diffs = []
    for diff in sealed.diffs:
        place = here + context(diff.path)
        diffs.append(Diff(diff.path, value(diff.old, place + _OLD), value(diff.new, place + _NEW)))
    personal = {name: value(slot, here + _of_evidence(name)) for name, slot in sealed.personal.items()}
    facts: dict[str, Any] = {name: fact for name, fact in sealed.evidence.items() if name != "personal"}
    return Entry(
        origin=sealed.origin,
        chain=sealed.chain,
        seq=sealed.seq,
        prev=bytes.fromhex(sealed.prev),
        at=datetime.fromisoformat(sealed.at),
        action=sealed.action,
        actor=Actor(sealed.actor.kind, sealed.actor.id, sealed.actor.via),
        request=sealed.request,
        diffs=tuple(diffs),
        evidence=Evidence(facts, personal),
    )


def fold(diffs: Iterable[Diff], state: State | None = None) -> State:
    """The flat record after some diffs, in order; all diffs of a chain give the record."""
    folded: State = dict(state or {})
    fold_into(folded, diffs)
    return folded


def fold_into(state: State, diffs: Iterable[Diff]) -> None:
    """The same in place."""
    for diff in diffs:
        if diff.new is None:
            state.pop(diff.path, None)
        else:
            state[diff.path] = diff.new


def _place(origin: str, chain: UUID, seq: int) -> bytes:
    """Where an entry stands; with path and slot it is the place that a value is sealed for."""
    return context(origin, str(chain), seq)


@lru_cache(maxsize=64)  # of names that stand in entries
def _of_evidence(name: str) -> bytes:
    return context(f"evidence/{name}", "value")


_OLD, _NEW = context("old"), context("new")
