"""One invented customer as rows: the record after its last change, and every entry of its chain."""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from portal import clock
from portal.audit.cipher import KeyRing
from portal.audit.entry import GENESIS, Diff, Entry, Evidence, leaf_hash, seal
from portal.audit.total import item_of
from portal.audit.values import format_moment
from portal.demo.histories import GRACE, Event, Story
from portal.record.flat import unflatten
from portal.record.models import Provenance, Record
from portal.record.rows import rows

TABLES = ("contact_points", "contact_windows", "consents", "notes")

EntryRow = tuple[int, datetime, str, str, str, str, UUID, str, bytes, bytes]
"""seq, at, action, actor_kind, actor_id, via, request, paths (a line each), entry, leaf."""


@dataclass(frozen=True, slots=True)
class Flooded:
    """What is stored of a customer."""

    id: UUID
    customer: dict[str, Any]
    key: dict[str, Any]
    entries: list[EntryRow]
    rows: dict[str, list[dict[str, Any]]]


def flooded(number: int, changes: int, keys: KeyRing, origin: str, until: datetime, chance: Random) -> Flooded:
    """Invent a customer with a history of some changes. The same `chance` gives the same person, under another id."""
    id, chain = clock.uuid7(), UUID(bytes=clock.token_bytes(16), version=4)
    key, wrapped = keys.create(id)
    story, head = Story(id, number, until, chance, {}), GENESIS
    said: dict[str, Provenance] = {}
    entries: list[EntryRow] = []
    revisions: list[dict[str, Any]] = []
    for seq, event in enumerate(story.tell(changes), start=1):
        entry = _entry(origin, chain, seq, head, event, story)
        data = seal(entry, key)
        head = leaf_hash(data)
        entries.append(_row(entry, data, head))
        _keep(story, entry, said)
        revisions += _revisions(id, entry, revisions)
    record = unflatten(story.state, id=id, seq=changes, said=said)
    return Flooded(
        id,
        _customer(record, chain, head, entries),
        {"customer_id": str(id), "wrapped": f"\\x{wrapped.data.hex()}", "wrapped_by": wrapped.by},
        entries,
        {**_items(record, story), "revisions": revisions},
    )


def _entry(origin: str, chain: UUID, seq: int, prev: bytes, event: Event, story: Story) -> Entry:
    diffs = tuple(
        Diff(path, story.state.get(path), value)
        for path, value in event.values.items()
        if story.state.get(path) != value
    )
    evidence = Evidence(personal={"name": "Grace Okafor"} if event.actor is GRACE else {})
    return Entry(origin, chain, seq, prev, event.at, event.action, event.actor, event.request, diffs, evidence)


def _row(entry: Entry, data: bytes, leaf: bytes) -> EntryRow:
    actor = entry.actor
    return (
        entry.seq, entry.at, entry.action, actor.kind.value, actor.id, actor.via, entry.request, "\n".join(entry.paths),
        data, leaf,
    )  # fmt: skip


def _keep(story: Story, entry: Entry, said: dict[str, Provenance]) -> None:
    by = Provenance(entry.seq, entry.at, entry.actor.kind.value, entry.actor.via)
    for diff in entry.diffs:
        said[item_of(diff.path)] = by
        if diff.new is None:
            story.state.pop(diff.path, None)
        else:
            story.state[diff.path] = diff.new


def _revisions(id: UUID, entry: Entry, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    bodies = [
        (d.path.split("/")[1], d.new) for d in entry.diffs if d.path.startswith("notes/") and d.path.endswith("/body")
    ]
    return [
        {
            "customer_id": str(id), "note_id": note, "revision": 1 + sum(r["note_id"] == note for r in before),
            "body": body, "seq": entry.seq, "at": format_moment(entry.at),
        }
        for note, body in bodies
    ]  # fmt: skip


def _customer(record: Record, chain: UUID, head: bytes, entries: list[EntryRow]) -> dict[str, Any]:
    return {
        "id": str(record.id),
        "number": record.number,
        "name": record.name,
        "seq": record.seq,
        "chain": str(chain),
        "head": f"\\x{head.hex()}",
        "profile": dict(record.profile),
        "provenance": {key: _said(said) for key, said in record.said.items()},
        "created_at": format_moment(entries[0][1]),
        "changed_at": format_moment(entries[-1][1]),
    }


def _items(record: Record, story: Story) -> dict[str, list[dict[str, Any]]]:
    """The rows that the one write would put for every path of the record."""
    state, known = rows(record, list(story.state), {}), record.provenance()
    return {
        table: [
            {**row, "customer_id": str(record.id), "said": _said(known[_prefix(table, row)])}
            for row in state.get(table, {"put": []})["put"]
        ]
        for table in TABLES
    }


def _prefix(table: str, row: dict[str, Any]) -> str:
    return f"consents/{row['purpose']}/{row['channel']}" if table == "consents" else f"{table}/{row['id']}"


def _said(by: Provenance) -> dict[str, Any]:
    return {"seq": by.seq, "at": format_moment(by.at), "kind": by.actor_kind, "via": by.via}
