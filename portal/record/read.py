"""Reading a record: one statement."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from portal.audit.cipher import CustomerKey, KeyRing, Undecipherable, WrappedKey
from portal.audit.entry import Entry, unseal
from portal.audit.values import Value
from portal.db.database import Database, Row
from portal.record.delivery import Delivery, delivered, delivery
from portal.record.models import (
    Consent,
    ConsentStatus,
    ContactPoint,
    ContactWindow,
    Login,
    Note,
    NoteKind,
    Provenance,
    Record,
    System,
    Use,
    WindowKind,
)

READER = "portal.record_read_v2"
READ = f"SELECT * FROM {READER}(%s)"  # noqa: S608 - a name of ours
READ_ALL = f"SELECT r.* FROM unnest(%s::uuid[]) AS asked (id), LATERAL {READER}(asked.id) r"  # noqa: S608


@dataclass(frozen=True, slots=True)
class RecentChange:
    """A change, and when each connector's CRM had it (by connector name; absent while it waits)."""

    entry: Entry
    delivered: dict[str, datetime]


@dataclass(frozen=True, slots=True)
class Access:
    """One reading of the record by somebody else."""

    at: datetime
    actor_kind: str
    actor_name: str
    via: str


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record with what the portal knows around it: its chain, its key, where it has been delivered, who read it."""

    record: Record
    chain: UUID
    head: bytes
    key: CustomerKey
    deliveries: tuple[Delivery, ...]
    recent: tuple[RecentChange, ...]
    reads: tuple[Access, ...]


async def read(database: Database, keys: KeyRing, customer_id: UUID) -> StoredRecord | None:
    """The record of a customer, or None if there is none (for this role)."""
    row = await database.fetch_one(READ, [customer_id], retry=True)
    return None if row is None else stored_record(row, keys)


async def read_all(database: Database, keys: KeyRing, customers: Iterable[UUID]) -> dict[UUID, StoredRecord]:
    """The records of some customers, in one statement; who is not there (for this role) is left out."""
    rows = await database.fetch_all(READ_ALL, [list(customers)], retry=True)
    return {row["id"]: stored_record(row, keys) for row in rows}


def stored_record(row: Row, keys: KeyRing) -> StoredRecord:
    """What a row of the reading function says, whatever else stands in the row.

    Raises:
        Undecipherable: the customer's key was wrapped under another key-encryption key.
    """
    key = keys.unwrap(row["id"], WrappedKey(bytes(row["wrapped_key"]), row["wrapped_by"]))
    return StoredRecord(
        record=_record(row),
        chain=row["chain"],
        head=bytes(row["head"]),
        key=key,
        deliveries=tuple(map(delivery, row["sync"] or ())),
        recent=tuple(found for change in row["recent"] or () if (found := _recent(change, key))),
        reads=tuple(
            Access(datetime.fromisoformat(r["at"]), r["actor_kind"], r["actor_name"], r["via"])
            for r in (row["reads"] or ())[:3]
        ),
    )


def _record(row: Row) -> Record:
    profile: dict[str, Value] = row["profile"]
    return Record(
        id=row["id"],
        number=row["number"],
        seq=row["seq"],
        profile=profile,
        said={key: _said(said) for key, said in row["provenance"].items() if key in profile},
        contact_points=tuple(sorted(map(_contact_point, row["contact_points"] or ()), key=lambda p: (p.rank, p.id))),
        contact_windows=tuple(
            sorted(map(_contact_window, row["contact_windows"] or ()), key=lambda w: (w.weekdays, w.start, w.id))
        ),
        consents=tuple(sorted(map(_consent, row["consents"] or ()), key=lambda c: (c.purpose, c.channel))),
        notes=tuple(sorted(map(_note, row["notes"] or ()), key=lambda n: (n.created_at, n.id))),
        logins=tuple(
            sorted((Login(UUID(r["id"]), r["issuer"], r["subject"]) for r in row["logins"] or ()), key=lambda x: x.id)
        ),
    )


def _contact_point(r: Row) -> ContactPoint:
    return ContactPoint(UUID(r["id"]), System(r["system"]), r["value"], Use(r["use"]), r["rank"], _said(r["said"]))


def _contact_window(r: Row) -> ContactWindow:
    start, end = time.fromisoformat(r["start"]), time.fromisoformat(r["end"])
    kind, weekdays = WindowKind(r["kind"]), tuple(r["weekdays"])
    return ContactWindow(UUID(r["id"]), kind, r["channel"], weekdays, start, end, r["time_zone"], _said(r["said"]))


def _consent(r: Row) -> Consent:
    return Consent(
        purpose=r["purpose"],
        channel=r["channel"],
        status=ConsentStatus(r["status"]),
        capture_date=datetime.fromisoformat(r["capture_date"]),
        capture_source=r["capture_source"],
        effective_from=datetime.fromisoformat(r["effective_from"]),
        effective_to=datetime.fromisoformat(r["effective_to"]) if r["effective_to"] else None,
        lawful_basis=r["lawful_basis"],
        notice=r["notice"],
        notice_version=r["notice_version"],
        said=_said(r["said"]),
    )


def _note(r: Row) -> Note:
    return Note(
        id=UUID(r["id"]),
        kind=NoteKind(r["kind"]),
        about=UUID(r["about"]) if r["about"] else None,
        body=r["body"],
        author_kind=r["author_kind"],
        author=r["author"],
        created_at=datetime.fromisoformat(r["created_at"]),
        said=_said(r["said"]),
    )


def _recent(change: dict[str, Any], key: CustomerKey) -> RecentChange | None:
    try:
        entry = unseal(base64.b64decode(change["entry"]), key)
    except (ValueError, Undecipherable):
        # Somebody altered it behind the portal's back. `portal audit verify` names it; the record itself stays of use.
        return None
    return RecentChange(entry, delivered(change["delivered"]))


def _said(said: dict[str, Any]) -> Provenance:
    return Provenance(said["seq"], datetime.fromisoformat(said["at"]), said["kind"], said["via"])
