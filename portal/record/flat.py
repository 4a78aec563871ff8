"""A record as a flat map from path to value, and back.

This is the form that changes are about: a change is a set of paths with an old and a new value. A path names a thing
for ever; a missing path and None are the same.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, time
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

from portal.audit.values import State, Value, format_moment
from portal.record.models import (
    COLLECTIONS,
    Consent,
    ConsentStatus,
    Login,
    NoteKind,
    Provenance,
    Record,
    System,
    Use,
    WindowKind,
    attributes,
)

_ENUMS: Mapping[str, type[StrEnum]] = {"system": System, "use": Use, "status": ConsentStatus}
_TIMES = {"start", "end"}
_MOMENTS = {"capture_date", "effective_from", "effective_to", "created_at"}


def encode(value: Any) -> Value:
    """An attribute of an object as the JSON value that stands in a change."""
    encoder = _ENCODERS.get(type(value))
    return encoder(value) if encoder else value  # without one, it is a JSON scalar already


_ENCODERS: Mapping[type[Any], Callable[[Any], Value]] = {
    datetime: format_moment,
    time: partial(time.isoformat, timespec="minutes"),
    UUID: str,
    tuple: list,
    **dict.fromkeys((System, Use, ConsentStatus, WindowKind, NoteKind), str),
}


def flatten(record: Record) -> State:
    """The record as a map from path to value, without what is absent."""
    state: State = {"customer/number": record.number}
    state.update((f"profile/{key}", value) for key, value in record.profile.items() if value is not None)
    for collection, model in COLLECTIONS.items():
        for item in getattr(record, collection):
            _flatten(state, f"{collection}/{item.id}", item, attributes(model))
    for consent in record.consents:
        _flatten(state, f"consents/{consent.purpose}/{consent.channel}", consent, attributes(Consent))
    return state


def _flatten(state: State, prefix: str, item: Any, names: tuple[str, ...]) -> None:
    for name in names:
        value = getattr(item, name)
        if value is not None:
            state[f"{prefix}/{name}"] = encode(value)


def unflatten(
    state: Mapping[str, Value], *, id: UUID, seq: int, said: Mapping[str, Provenance] | None = None
) -> Record:
    """The record that a flat map says; the inverse of `flatten`.

    `said` maps a path or an item's prefix to the change that said so last.
    """
    said = said or {}
    profile: dict[str, Value] = {}
    items: dict[tuple[str, ...], dict[str, Value]] = {}
    number = ""
    for path, value in state.items():
        if value is None:
            continue
        head, *rest = path.split("/")
        if head == "customer":
            number = str(value)
        elif head == "profile":
            profile[rest[0]] = value
        else:
            items.setdefault((head, *rest[:-1]), {})[rest[-1]] = value
    parts: dict[str, list[Any]] = {name: [] for name in (*COLLECTIONS, "consents")}
    for key, attrs in items.items():
        parts[key[0]].append(_part(key, attrs, said.get("/".join(key))))
    return Record(
        id=id,
        number=number,
        seq=seq,
        profile=profile,
        said={path.removeprefix("profile/"): p for path, p in said.items() if path.startswith("profile/")},
        contact_points=tuple(sorted(parts["contact_points"], key=lambda p: (p.rank, p.id))),
        contact_windows=tuple(sorted(parts["contact_windows"], key=lambda w: (w.weekdays, w.start, w.id))),
        consents=tuple(sorted(parts["consents"], key=lambda c: (c.purpose, c.channel))),
        notes=tuple(sorted(parts["notes"], key=lambda n: (n.created_at, n.id))),
        logins=tuple(sorted(parts["logins"], key=lambda x: x.id)),
    )


def _part(key: tuple[str, ...], attrs: Mapping[str, Value], said: Provenance | None) -> Any:
    decoded: dict[str, Any] = {name: _decode(name, value, key[0]) for name, value in attrs.items()}
    if key[0] == "consents":
        decoded.setdefault("effective_to", None)
        return Consent(purpose=key[1], channel=key[2], said=said, **decoded)
    model = COLLECTIONS[key[0]]
    for name in attributes(model):
        decoded.setdefault(name, None)
    if model is not Login:
        decoded["said"] = said
    return model(id=UUID(key[1]), **decoded)


def _decode(name: str, value: Value, collection: str) -> Any:
    if name == "kind":
        return WindowKind(str(value)) if collection == "contact_windows" else NoteKind(str(value))
    if name in _ENUMS:
        return _ENUMS[name](str(value))
    if name in _TIMES:
        return time.fromisoformat(str(value))
    if name in _MOMENTS:
        return datetime.fromisoformat(str(value))
    if name == "about":
        return UUID(str(value))
    if name == "weekdays" and isinstance(value, list):
        return tuple(value)
    return value
