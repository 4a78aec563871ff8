"""Entry format 1: the bytes of a change record, stored as they are hashed, and never to change without a new `v`.

An entry is RFC 8785 canonical JSON:

    {v, origin, chain, seq, prev, at, action, actor{kind, id, via}, request, diffs[{path, old, new}], evidence}

`prev` is the leaf hash of the entry before it in the same chain (hex; 64 zeros for the first), so that the chain's
link is itself the RFC 9162 leaf: SHA-256(0x00 || entry). Personal values (old and new of each diff, and the evidence
under `personal`) are null or encrypted slots {n, c}, tied to origin, chain, seq, path and slot.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import rfc8785

from portal.audit.cipher import CustomerKey, context
from portal.audit.values import State, Value, format_moment

VERSION = 1
GENESIS = bytes(32)
"""What stands in `prev` of a chain's first entry."""


class ActorKind(StrEnum):
    """Who commits a change. An actor is not the subject: the subject is the customer whose chain it is."""

    CUSTOMER = "customer"
    AGENT = "agent"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    SYSTEM = "system"  # the portal itself, or a CRM that does not say which of its users it was


@dataclass(frozen=True, slots=True)
class Actor:
    """`id` is the customer's or staff member's id, or a CRM's name for its user; `via` the way in: portal, desk,
    cli, or crm:<connector>."""

    kind: ActorKind
    id: str
    via: str


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

    def slot(value: Value, path: str, name: str) -> dict[str, str] | None:
        return None if value is None else key.seal(value, _place(entry, path, name))

    return rfc8785.dumps(
        {
            "v": VERSION,
            "origin": entry.origin,
            "chain": str(entry.chain),
            "seq": entry.seq,
            "prev": entry.prev.hex(),
            "at": format_moment(entry.at),
            "action": entry.action,
            "actor": {"kind": entry.actor.kind.value, "id": entry.actor.id, "via": entry.actor.via},
            "request": str(entry.request),
            "diffs": [
                {"path": d.path, "old": slot(d.old, d.path, "old"), "new": slot(d.new, d.path, "new")}
                for d in entry.diffs
            ],
            "evidence": {
                **entry.evidence.facts,
                "personal": {
                    name: slot(value, f"evidence/{name}", "value") for name, value in entry.evidence.personal.items()
                },
            },
        }
    )


def unseal(data: bytes, key: CustomerKey | None) -> Entry:
    """The entry that some bytes say. Without a key, its values are ERASED.

    Raises:
        ValueError: the bytes are no entry of format 1.
        Undecipherable: a value is not what was sealed in this place.
    """
    raw = json.loads(data)
    if not isinstance(raw, dict) or raw.get("v") != VERSION:
        raise ValueError("not an entry of format 1")
    try:
        bare = Entry(
            origin=raw["origin"],
            chain=UUID(raw["chain"]),
            seq=raw["seq"],
            prev=bytes.fromhex(raw["prev"]),
            at=datetime.fromisoformat(raw["at"]),
            action=raw["action"],
            actor=Actor(ActorKind(raw["actor"]["kind"]), raw["actor"]["id"], raw["actor"]["via"]),
            request=UUID(raw["request"]),
            diffs=(),
            evidence=Evidence(),
        )
        diffs = tuple(
            Diff(d["path"], _open(bare, d["old"], d["path"], "old", key), _open(bare, d["new"], d["path"], "new", key))
            for d in raw["diffs"]
        )
        personal = {
            name: _open(bare, value, f"evidence/{name}", "value", key)
            for name, value in raw["evidence"]["personal"].items()
        }
        facts = {name: value for name, value in raw["evidence"].items() if name != "personal"}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not an entry of format 1") from error
    return replace(bare, diffs=diffs, evidence=Evidence(facts, personal))


def fold(diffs: Iterable[Diff], state: State | None = None) -> State:
    """The flat record after some diffs, in order; all diffs of a chain give the record."""
    folded: dict[str, Value] = dict(state or {})
    for diff in diffs:
        if diff.new is None:
            folded.pop(diff.path, None)
        else:
            folded[diff.path] = diff.new
    return folded


def _open(entry: Entry, slot: Any, path: str, name: str, key: CustomerKey | None) -> Any:
    if slot is None:
        return None
    return ERASED if key is None else key.unseal(slot, _place(entry, path, name))


def _place(entry: Entry, path: str, slot: str) -> bytes:
    return context(entry.origin, str(entry.chain), entry.seq, path, slot)
