"""One invented customer: the record after its last change, and every entry of its chain."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID

from portal import clock
from portal.audit.cipher import CustomerKey, KeyRing, WrappedKey
from portal.audit.entry import GENESIS, Diff, Entry, Evidence, leaf_hash, seal
from portal.audit.total import item_of
from portal.demo.histories import GRACE, Event, Story
from portal.record.flat import unflatten
from portal.record.models import Provenance, Record


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry, its bytes, and their hash."""

    entry: Entry
    data: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Flooded:
    """All that is known of an invented customer. `said` also has who emptied a profile's field."""

    record: Record
    said: dict[str, Provenance]
    chain: UUID
    key: CustomerKey
    wrapped: WrappedKey
    entries: list[Sealed]


def flooded(number: int, changes: int, keys: KeyRing, origin: str, until: datetime, chance: Random) -> Flooded:
    """Invent a customer with a history of some changes. The same `chance` gives the same person, under another id."""
    id, chain = clock.uuid7(), UUID(bytes=clock.token_bytes(16), version=4)
    key, wrapped = keys.create(id)
    story, head = Story(id, number, until, chance, {}), GENESIS
    said: dict[str, Provenance] = {}
    entries: list[Sealed] = []
    for seq, event in enumerate(story.tell(changes), start=1):
        entry = _entry(origin, chain, seq, head, event, story)
        data = seal(entry, key)
        head = leaf_hash(data)
        entries.append(Sealed(entry, data, head))
        _keep(story, entry, said)
    record = unflatten(story.state, id=id, seq=changes, said=said)
    return Flooded(record, said, chain, key, wrapped, entries)


def revisions(one: Flooded) -> list[tuple[str, int, str, int, datetime]]:
    """What each note has said: its id, the number of the revision, the text, and in which change and when."""
    found: list[tuple[str, int, str, int, datetime]] = []
    counted: Counter[str] = Counter()
    for sealed in one.entries:
        for diff in sealed.entry.diffs:
            if diff.path.startswith("notes/") and diff.path.endswith("/body"):
                note = diff.path.split("/")[1]
                counted[note] += 1
                found.append((note, counted[note], str(diff.new), sealed.entry.seq, sealed.entry.at))
    return found


def _entry(origin: str, chain: UUID, seq: int, prev: bytes, event: Event, story: Story) -> Entry:
    diffs = tuple(
        Diff(path, story.state.get(path), value)
        for path, value in event.values.items()
        if story.state.get(path) != value
    )
    evidence = Evidence(personal={"name": "Grace Okafor"} if event.actor is GRACE else {})
    return Entry(origin, chain, seq, prev, event.at, event.action, event.actor, event.request, diffs, evidence)


def _keep(story: Story, entry: Entry, said: dict[str, Provenance]) -> None:
    by = Provenance(entry.seq, entry.at, entry.actor.kind.value, entry.actor.via)
    for diff in entry.diffs:
        said[item_of(diff.path)] = by
        if diff.new is None:
            story.state.pop(diff.path, None)
        else:
            story.state[diff.path] = diff.new
