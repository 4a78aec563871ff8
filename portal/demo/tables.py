"""Invented customers as rows: what the one write would have left of them, and what a worker would have brought to the
built-in CRM."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from portal.crm.embedded.card import NAME
from portal.crm.embedded.search_keys import search_keys
from portal.crm.parts import parts, provenance
from portal.demo.flooded import Flooded, revisions
from portal.record.models import Consent, ContactPoint, ContactWindow, Note, attributes
from portal.sync.base import Base, seal_base
from portal.sync.current import MAX_ENTRIES, our_values
from portal.sync.line import Line
from portal.sync.state import SyncStatus

ITEMS: Mapping[str, tuple[str, type[Any], tuple[str, ...]]] = {
    "portal.contact_point": ("contact_points", ContactPoint, ("id",)),
    "portal.contact_window": ("contact_windows", ContactWindow, ("id",)),
    "portal.contact_point_type_consent": ("consents", Consent, ("purpose", "channel")),
    "portal.note": ("notes", Note, ("id",)),
}
"""Each table of a record's items: the collection, its model, and what tells items apart."""

TABLES: Mapping[str, tuple[str, ...]] = {
    "portal.customer": (
        "id", "number", "name", "seq", "chain", "head", "profile", "provenance", "created_at", "changed_at",
    ),
    "keys.customer_key": ("customer_id", "wrapped", "wrapped_by"),
    "portal.change_record": (
        "customer_id", "seq", "at", "action", "actor_kind", "actor_id", "via", "request_id", "paths", "entry", "leaf",
    ),
    **{table: ("customer_id", *key, *attributes(model), "said") for table, (_, model, key) in ITEMS.items()},
    "portal.note_revision": ("customer_id", "note_id", "revision", "body", "seq", "at"),
    "portal.sync_state": (
        "customer_id", "connector", "desired_seq", "synced_seq", "timeline_seq", "base", "remote_id", "remote_etag",
        "push_due_at", "attempts", "status", "wanted",
    ),
    "portal.delivery": ("customer_id", "connector", "through_seq", "at"),
    "crm.contact": (
        "id", "portal_id", "number", "name", "portal_seq", "timeline_seq", "version", "fields", "provenance", "changed",
        "contact_points", "contact_windows", "consents", "notes",
    ),
    "crm.search_key": ("contact_id", "key"),
    "crm.activity": (
        "entry_id", "contact_id", "seq", "at", "action", "actor_kind", "actor_id", "actor_name", "via", "diffs",
    ),
}  # fmt: skip
"""The tables in the order in which they refer to one another, and those of their columns that are filled."""

Rows: TypeAlias = Iterator[tuple[str, tuple[Any, ...]]]


def record_rows(one: Flooded) -> Rows:
    """Record, key, and change log."""
    record, first, last = one.record, one.entries[0], one.entries[-1]
    said = {path.removeprefix("profile/"): by for path, by in one.said.items() if path.startswith("profile/")}
    yield "portal.customer", (
        record.id, record.number, record.name, record.seq, one.chain, last.leaf, record.profile,
        {key: provenance(by) for key, by in said.items()}, first.entry.at, last.entry.at,
    )  # fmt: skip
    yield "keys.customer_key", (record.id, one.wrapped.data, one.wrapped.by)
    for sealed in one.entries:
        entry, actor = sealed.entry, sealed.entry.actor
        yield "portal.change_record", (
            record.id, entry.seq, entry.at, entry.action, actor.kind, actor.id, actor.via, entry.request, entry.paths,
            sealed.data, sealed.leaf,
        )  # fmt: skip
    for table, (collection, model, key) in ITEMS.items():
        for item in getattr(record, collection):
            values = [getattr(item, name) for name in (*key, *attributes(model))]
            yield table, (record.id, *(list(v) if isinstance(v, tuple) else v for v in values), provenance(item.said))
    for note, revision, body, seq, at in revisions(one):
        yield "portal.note_revision", (record.id, UUID(note), revision, body, seq, at)


def due_rows(one: Flooded, connectors: Sequence[str], now: datetime) -> Rows:
    """For each of these connectors, that the record is still to be brought there."""
    id, seq = one.record.id, one.record.seq
    for connector in connectors:
        status = SyncStatus.WAITING
        yield "portal.sync_state", (id, connector, seq, 0, 0, None, None, None, now, 0, status, "record")


def crm_rows(one: Flooded, line: Line, contact: UUID, now: datetime) -> Rows:
    """The contact in the built-in CRM with its timeline, and that it has been brought there."""
    record, seq = one.record, one.record.seq
    fields = {name: record.profile[key] for key, name in line.names.items() if key in record.profile}
    # A long history goes out in several pushes, and each is a version of the contact.
    version = -(-len(one.entries) // MAX_ENTRIES)
    base = seal_base(Base(seq, our_values(line, record)), one.key, NAME, record.id)
    yield "portal.sync_state", (
        record.id, NAME, seq, seq, seq, base, str(contact), str(version), None, 0, SyncStatus.SYNCED, "record",
    )  # fmt: skip
    yield "portal.delivery", (record.id, NAME, seq, now)
    yield "crm.contact", (
        contact, record.id, record.number, record.name, seq, seq, version, fields,
        {name: provenance(record.said[key]) for key, name in line.names.items() if key in record.profile},
        dict.fromkeys(fields, 1), parts(record.contact_points), parts(record.contact_windows), parts(record.consents),
        parts(record.notes),
    )  # fmt: skip
    for key in search_keys(record.name, record.number, record.contact_points):
        yield "crm.search_key", (contact, key)
    for sealed in one.entries:
        entry, actor = sealed.entry, sealed.entry.actor
        yield "crm.activity", (
            f"{one.chain}/{entry.seq}", contact, entry.seq, entry.at, entry.action, actor.kind, actor.id, None,
            actor.via, entry.diffs,
        )  # fmt: skip
