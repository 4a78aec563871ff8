"""What is sent: CloudEvents 1.0 in structured JSON, with the whole of a record as its data.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and .../formats/json-format.md. An event says how a
record is, not what happened to it: whoever misses one is put right by the next.
"""

import json
from typing import Any
from uuid import UUID

from portal import clock
from portal.audit.values import format_moment
from portal.crm.mapping import CrmMap
from portal.crm.parts import parts
from portal.crm.port import Desired, Hint, Malformed, Ref, TimelineEntry

CONTENT_TYPE = "application/cloudevents+json"
UPDATED = "portal.customer.updated"
ERASED = "portal.customer.erased"


def updated(source: str, desired: Desired, names: CrmMap) -> tuple[str, bytes]:
    """The event that says how a record is, and its id: the same for each attempt to deliver it."""
    last = desired.timeline[-1].seq if desired.timeline else 0
    return _event(
        source, UPDATED, f"{desired.customer_id}-{desired.seq}-{last}", desired.customer_id, _data(desired, names)
    )


def erased(source: str, customer_id: UUID) -> tuple[str, bytes]:
    """The event that asks for everything about a customer to be removed, and its id."""
    return _event(source, ERASED, f"{customer_id}-erased", customer_id, {"customer_id": str(customer_id)})


def hints(id: str, raw: bytes) -> list[Hint]:
    """Whom an event is about that another system sent: `subject` is the customer's id, or `data` has the one or the
    other of `customer_id` and `remote_id`.

    Raises:
        Malformed: it is no CloudEvent, or is about nobody.
    """
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        raise Malformed("it is no JSON") from None
    if not isinstance(event, dict) or event.get("specversion") != "1.0" or not isinstance(event.get("type"), str):
        raise Malformed("it is no CloudEvent 1.0")
    data: dict[str, Any] = event["data"] if isinstance(event.get("data"), dict) else {}
    remote_id = data.get("remote_id")
    customer_id = _uuid(event.get("subject")) or _uuid(data.get("customer_id"))
    if customer_id is None and not (isinstance(remote_id, str) and remote_id):
        raise Malformed("it is about nobody")
    return [Hint(id, Ref(remote_id if isinstance(remote_id, str) else None, customer_id))]


def _event(source: str, type: str, id: str, customer_id: UUID, data: dict[str, Any]) -> tuple[str, bytes]:
    event = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": type,
        "subject": str(customer_id),
        "time": format_moment(clock.now()),
        "datacontenttype": "application/json",
        "data": data,
    }
    return id, json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _data(desired: Desired, names: CrmMap) -> dict[str, Any]:
    return {
        "customer_id": str(desired.customer_id),
        "number": desired.number,
        "name": desired.name,
        "seq": desired.seq,
        "seen_version": desired.etag,
        "restricted": desired.restricted,
        "summary": desired.summary,
        "fields": names.to_crm(desired),
        "contact_points": parts(desired.contact_points),
        "contact_windows": parts(desired.contact_windows),
        "consents": parts(desired.consents),
        "notes": parts(desired.notes),
        "timeline": [_entry(entry) for entry in desired.timeline],
    }


def _entry(entry: TimelineEntry) -> dict[str, Any]:
    """A change record in words: which values changed is in `fields`, as far as they are synced here."""
    return {
        "id": entry.id,
        "seq": entry.seq,
        "at": format_moment(entry.at),
        "action": entry.action,
        "actor_kind": entry.actor_kind,
        "actor_name": entry.actor_name,
        "via": entry.via,
        "text": entry.text,
    }


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
