"""What a CRM is to say about a customer, in the port's words."""

from portal.audit.entry import Entry
from portal.crm.port import Desired, TimelineEntry
from portal.sync.current import Current
from portal.sync.inbound import NOT_KEPT
from portal.sync.line import Line


def desired(line: Line, current: Current, remote_id: str | None, etag: str | None) -> Desired:
    """The whole record by the CRM's names, with the change records that its timeline does not have yet."""
    record = current.record
    return Desired(
        customer_id=record.id,
        number=record.number,
        name=record.name,
        seq=record.seq,
        fields={name: record.profile.get(key) for key, name in line.names.items()},
        said={name: record.said[key] for key, name in line.names.items() if key in record.said},
        contact_points=record.contact_points,
        contact_windows=record.contact_windows,
        consents=record.consents,
        notes=record.notes,
        timeline=tuple(map(_timeline_entry, current.entries, current.actors)),
        remote_id=remote_id,
        etag=etag,
    )


def _timeline_entry(entry: Entry, actor_name: str | None) -> TimelineEntry:
    return TimelineEntry(
        id=f"{entry.chain}/{entry.seq}",
        seq=entry.seq,
        at=entry.at,
        action=entry.action,
        actor_kind=entry.actor.kind.value,
        actor_id=entry.actor.id,
        actor_name=actor_name or entry.evidence.personal.get("editor"),
        via=entry.actor.via,
        diffs=entry.diffs,
        lost={
            name.removeprefix(NOT_KEPT): value
            for name, value in entry.evidence.personal.items()
            if name.startswith(NOT_KEPT)
        },
    )
