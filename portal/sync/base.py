"""The values that portal and CRM last agreed on, kept under the customer's key."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import msgspec

from portal.audit.cipher import CustomerKey, Sealed, context
from portal.audit.entry import Entry
from portal.audit.values import State
from portal.record.rebase import unfold


@dataclass(frozen=True, slots=True)
class Base:
    """Values by path, as of version `seq` of the record in the CRM."""

    seq: int
    values: State


def seal_base(base: Base, key: CustomerKey, connector: str, customer_id: UUID) -> bytes:
    """The bytes that sync_state keeps."""
    sealed = key.seal({"seq": base.seq, "values": base.values}, _place(connector, customer_id))
    return msgspec.json.encode(sealed)


def unseal_base(data: bytes | None, key: CustomerKey, connector: str, customer_id: UUID) -> Base | None:
    """The inverse of `seal_base`; None before both sides agreed on anything."""
    if data is None:
        return None
    plain = key.unseal(msgspec.json.decode(data, type=Sealed), _place(connector, customer_id))
    return Base(plain["seq"], plain["values"])


def values_at(now: State, since: Iterable[Entry]) -> State:
    """The flat record as it was before some entries, given newest first: what a push of that version wrote."""
    return unfold(now, (diff for entry in since for diff in reversed(entry.diffs)))


def _place(connector: str, customer_id: UUID) -> bytes:
    return _BASE_OF + context(connector, str(customer_id))


_BASE_OF = context("portal sync base", 1)
