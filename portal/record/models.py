"""The record: all that the portal holds of one customer that customer and agents share.

A record has two forms that say the same. As objects (`Record`) it is what pages and rules read. As a flat map from path
to value (`flatten`) it is what changes are about: a change is a set of paths with an old and a new value, and folding
all changes of a customer gives the flat map back. A path names a thing for ever; a missing path and None are the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

from portal.audit.values import State, Value, format_moment


class System(StrEnum):
    """What kind of address a contact point is (FHIR ContactPoint.system, reduced to what a person is reached by)."""

    EMAIL = "email"
    PHONE = "phone"
    POSTAL = "postal"
    MESSAGING = "messaging"


class Use(StrEnum):
    """Where a contact point reaches the person (FHIR ContactPoint.use)."""

    MOBILE = "mobile"
    HOME = "home"
    WORK = "work"
    PRIVATE = "private"
    OTHER = "other"


class WindowKind(StrEnum):
    """Whether contact is welcome or unwelcome in a window (Oracle contact preferences: DO, DO_NOT)."""

    DO = "do"
    DO_NOT = "do_not"


class ConsentStatus(StrEnum):
    """Salesforce's privacy consent status."""

    OPT_IN = "opt_in"
    OPT_OUT = "opt_out"
    SEEN = "seen"
    NOT_SEEN = "not_seen"


class NoteKind(StrEnum):
    """A note stands by itself; an answer is about another note."""

    NOTE = "note"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which change said so last: its number in the chain, its time, and the kind and way in of its actor."""

    seq: int
    at: datetime
    actor_kind: str
    via: str


@dataclass(frozen=True, slots=True)
class ContactPoint:
    id: UUID
    system: System
    value: str
    use: Use
    rank: int
    said: Provenance | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ContactWindow:
    """A weekly window of wall-clock time. `end` at or before `start` means that it ends on the next day; 00:00 to 00:00
    is the whole day. The weekdays (ISO, 1 is Monday) are those on which it starts. `channel` None is every channel."""

    id: UUID
    kind: WindowKind
    channel: str | None
    weekdays: tuple[int, ...]
    start: time
    end: time
    time_zone: str
    said: Provenance | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Consent:
    """What one person said to contact on one channel for one purpose, and how that is known."""

    purpose: str
    channel: str
    status: ConsentStatus
    capture_date: datetime
    capture_source: str
    effective_from: datetime
    effective_to: datetime | None
    lawful_basis: str
    notice: str
    notice_version: str
    said: Provenance | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Note:
    id: UUID
    kind: NoteKind
    about: UUID | None
    body: str
    author_kind: str
    author: str
    created_at: datetime
    said: Provenance | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Login:
    """An account at an identity provider that opens this record."""

    id: UUID
    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Record:
    """One customer's record. `seq` is version, number of the last change and ETag at once."""

    id: UUID
    number: str
    seq: int
    profile: Mapping[str, Value] = field(default_factory=dict)
    said: Mapping[str, Provenance] = field(default_factory=dict, compare=False)
    contact_points: tuple[ContactPoint, ...] = ()
    contact_windows: tuple[ContactWindow, ...] = ()
    consents: tuple[Consent, ...] = ()
    notes: tuple[Note, ...] = ()
    logins: tuple[Login, ...] = ()

    @property
    def name(self) -> str:
        """The person's full name, or the customer number where no name is known."""
        return display_name(self.profile) or self.number

    def consent(self, purpose: str, channel: str) -> Consent | None:
        """What was said about this purpose on this channel, if anything was."""
        return next((c for c in self.consents if c.purpose == purpose and c.channel == channel), None)

    def provenance(self) -> dict[str, Provenance]:
        """Who said so, by profile path and by item prefix."""
        said = {f"profile/{key}": value for key, value in self.said.items()}
        for collection in ("contact_points", "contact_windows", "notes"):
            said |= {f"{collection}/{item.id}": item.said for item in getattr(self, collection) if item.said}
        return said | {f"consents/{c.purpose}/{c.channel}": c.said for c in self.consents if c.said}


def display_name(profile: Mapping[str, Value]) -> str:
    """The full name from a profile; empty where it has none."""
    return " ".join(str(profile[key]) for key in ("given_name", "family_name") if profile.get(key))


COLLECTIONS: Mapping[str, type[Any]] = {
    "contact_points": ContactPoint,
    "contact_windows": ContactWindow,
    "notes": Note,
    "logins": Login,
}
"""The parts of a record whose items have an id of their own: path `<collection>/<id>/<attribute>`."""

_ENUMS: Mapping[str, type[StrEnum]] = {"system": System, "use": Use, "status": ConsentStatus}
_TIMES = {"start", "end"}
_MOMENTS = {"capture_date", "effective_from", "effective_to", "created_at"}


def attributes(model: type[Any]) -> tuple[str, ...]:
    """The names of a part's attributes, in order, without what identifies it."""
    return tuple(
        f.name
        for f in fields(model)
        if f.name not in ("id", "purpose", "channel", "said") or (f.name == "channel" and model is ContactWindow)
    )


def encode(value: Any) -> Value:
    """An attribute of an object as the JSON value that stands in a change."""
    if isinstance(value, datetime):
        return format_moment(value)
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return list(value)
    return value  # type: ignore[no-any-return]  # a JSON scalar already


def flatten(record: Record) -> State:
    """The record as a map from path to value, without what is absent."""
    state: State = {"customer/number": record.number}
    state.update((f"profile/{key}", value) for key, value in record.profile.items())
    for collection, model in COLLECTIONS.items():
        for item in getattr(record, collection):
            state.update((f"{collection}/{item.id}/{name}", encode(getattr(item, name))) for name in attributes(model))
    for consent in record.consents:
        prefix = f"consents/{consent.purpose}/{consent.channel}"
        state.update((f"{prefix}/{name}", encode(getattr(consent, name))) for name in attributes(Consent))
    return {path: value for path, value in state.items() if value is not None}


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
