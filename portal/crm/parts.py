"""The parts of a record as plain JSON, and back: what the database's rows and a built-in CRM keep."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.audit.values import State, Value, format_moment
from portal.record.flat import encode, unflatten
from portal.record.models import Consent, ContactPoint, ContactWindow, Note, Provenance, Record, attributes

Part = dict[str, Any]
"""One contact point, window, consent or note: what identifies it, its attributes, and `said`."""


def parts(items: Iterable[ContactPoint | ContactWindow | Consent | Note]) -> list[Part]:
    """The parts of one collection as JSON."""
    return [_part(item) for item in items]


def provenance(said: Provenance) -> dict[str, Any]:
    """Who said so, as JSON."""
    return {"seq": said.seq, "at": format_moment(said.at), "kind": said.actor_kind, "via": said.via}


def provenance_from(said: Mapping[str, Any]) -> Provenance:
    """The inverse of `provenance`."""
    return Provenance(said["seq"], datetime.fromisoformat(said["at"]), said["kind"], said["via"])


def record_from(
    *,
    id: UUID,
    number: str,
    seq: int,
    profile: Mapping[str, Value],
    said: Mapping[str, Mapping[str, Any]],
    **collections: Sequence[Part] | None,
) -> Record:
    """The record that a profile and its collections say; absent collections are empty."""
    state: State = {"customer/number": number}
    state |= {f"profile/{key}": value for key, value in profile.items()}
    who = {f"profile/{key}": provenance_from(value) for key, value in said.items() if key in profile}
    for collection, items in collections.items():
        for item in items or ():
            prefix = f"{collection}/{_key(collection, item)}"
            state |= {f"{prefix}/{name}": value for name, value in item.items() if name not in _IDENTIFYING[collection]}
            if item.get("said"):
                who[prefix] = provenance_from(item["said"])
    return unflatten(state, id=id, seq=seq, said=who)


_IDENTIFYING = {
    "contact_points": ("id", "said"),
    "contact_windows": ("id", "said"),
    "consents": ("purpose", "channel", "said"),
    "notes": ("id", "said"),
}


def _key(collection: str, item: Part) -> str:
    return f"{item['purpose']}/{item['channel']}" if collection == "consents" else str(item["id"])


def _part(item: ContactPoint | ContactWindow | Consent | Note) -> Part:
    part: Part = {name: encode(getattr(item, name)) for name in attributes(type(item))}
    part |= {"purpose": item.purpose, "channel": item.channel} if isinstance(item, Consent) else {"id": str(item.id)}
    return part | {"said": provenance(item.said) if item.said else None}
