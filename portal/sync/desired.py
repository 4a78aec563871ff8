"""What a CRM is to say about a customer, in the port's words."""

from dataclasses import replace

from portal.audit.entry import Entry
from portal.crm.port import Desired, TimelineEntry
from portal.i18n import using
from portal.record.flat import flatten
from portal.sync.held import Held
from portal.sync.inbound import NOT_KEPT
from portal.sync.line import Line
from portal.sync.shown import summary
from portal.sync.state import Wanted
from portal.sync.words import timeline_text


def desired(line: Line, row: Held) -> Desired:
    """The whole record by the CRM's names, with the change records that its timeline does not have yet."""
    record = row.current.record
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
        timeline=_timeline(line, row),
        remote_id=row.remote_id,
        etag=row.etag,
        restricted=_restricted(row),
        summary=summary(line, record),
    )


def _restricted(row: Held) -> bool | None:
    if row.claimed.wanted is Wanted.RESTRICTED:
        return True
    return False if row.claimed.unconfirmed else None


def _timeline(line: Line, row: Held) -> tuple[TimelineEntry, ...]:
    entries = tuple(map(_entry, row.current.entries, row.current.actors))
    if not entries or not line.connector.caps.timeline_text:
        return entries
    record, catalogue = row.current.record, line.store.catalogue
    state = flatten(record)
    with using(line.language, line.zone):
        return tuple(replace(entry, text=timeline_text(catalogue, entry, record.name, state)) for entry in entries)


def _entry(entry: Entry, actor_name: str | None) -> TimelineEntry:
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
