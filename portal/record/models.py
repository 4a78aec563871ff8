"""The record: all that the portal holds of one customer that customer and agents share.

A record has two forms that say the same. As objects it is what pages and rules read. As a flat map from path to value
(`portal.record.flat`) it is what changes are about; folding all changes of a customer gives the flat map back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from portal.audit.values import Value


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


class Provenance(msgspec.Struct, frozen=True, rename={"actor_kind": "kind"}, gc=False):
    """Which change said so last: its number in the chain, its time, and the kind and way in of its actor. A row keeps
    it as JSON, with `kind` for short."""

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
        for consent in self.consents:  # asked for each purpose on each channel: a generator costs more than the search
            if consent.purpose == purpose and consent.channel == channel:
                return consent
        return None

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


def attributes(model: type[Any]) -> tuple[str, ...]:
    """The names of a part's attributes, in order, without what identifies it."""
    return _ATTRIBUTES[model]


_ATTRIBUTES: Mapping[type[Any], tuple[str, ...]] = {
    model: tuple(
        f.name
        for f in fields(model)
        if f.name not in ("id", "purpose", "channel", "said") or (f.name == "channel" and model is ContactWindow)
    )
    for model in (*COLLECTIONS.values(), Consent)
}
