"""An entry as it is stored: its members in the order of RFC 8785, its values encrypted. Read and written in C."""

from typing import TypeAlias
from uuid import UUID

import msgspec
import rfc8785

from portal.audit.actor import ActorKind
from portal.audit.cipher import Sealed


# No reference leads from these back to themselves, so the garbage collector need not look at them (gc=False). Their
# members stand in alphabetical order, in which they are written.
class SealedDiff(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    new: Sealed | None
    old: Sealed | None
    path: str


class SealedActor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    id: str
    kind: ActorKind
    via: str


Personal: TypeAlias = dict[str, Sealed | None]


class SealedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """The members of format 1: `portal.audit.entry` says what they are. `evidence` has its facts, and `personal`."""

    action: str
    actor: SealedActor
    at: str
    chain: UUID
    diffs: list[SealedDiff]
    evidence: dict[str, str | int | bool | Personal | None]
    origin: str
    prev: str
    request: UUID
    seq: int
    v: int

    @property
    def personal(self) -> Personal:
        """The encrypted part of the evidence.

        Raises:
            ValueError: there is none, so this is no entry of format 1.
        """
        found = self.evidence.get("personal")
        if not isinstance(found, dict):
            raise ValueError(NO_ENTRY)
        return found


NO_ENTRY = "not an entry of format 1"

_decoder = msgspec.json.Decoder(SealedEntry)
_encoder = msgspec.json.Encoder(order="deterministic")


def parse(data: bytes, version: int) -> SealedEntry:
    """The entry that some bytes say, values as they are encrypted.

    Raises:
        ValueError: the bytes are no entry of this version of the format.
    """
    try:
        entry = _decoder.decode(data)
    except msgspec.DecodeError as error:  # which is a ValueError, and tells what it found
        raise ValueError(NO_ENTRY) from error
    if entry.v != version:
        raise ValueError(NO_ENTRY)
    return entry


def canonical(entry: SealedEntry) -> bytes:
    """The bytes of an entry as RFC 8785 has them."""
    data = _encoder.encode(entry)
    # The RFC sorts by UTF-16 and msgspec by code points, which is the same order but for names that nobody uses.
    return data if data.isascii() else rfc8785.dumps(msgspec.to_builtins(entry))
