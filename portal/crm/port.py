"""What the sync engine asks of a CRM: the connector protocol.

A connector translates between the words of this module and one CRM product. It keeps no state of its own, opens no
transaction of the portal's, and never guesses: each outcome says whether trying again helps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from portal.audit.entry import Diff
from portal.audit.values import Value
from portal.crm.outcomes import Ambiguous, Applied, Conflict, Outcome, Reject, Retry
from portal.record.models import Consent, ConsentStatus, ContactPoint, ContactWindow, Note, Provenance

__all__ = [
    "NO_METER",
    "Ambiguous",
    "Applied",
    "Caps",
    "Conflict",
    "Connector",
    "Consent",
    "ConsentStatus",
    "ContactPoint",
    "ContactWindow",
    "Cursor",
    "CursorExpired",
    "Desired",
    "Diff",
    "Editor",
    "Forged",
    "Hint",
    "Malformed",
    "Meter",
    "Note",
    "Outcome",
    "Provenance",
    "Rate",
    "Ref",
    "Reject",
    "Remote",
    "Retry",
    "TimelineEntry",
    "Value",
]

Cursor: TypeAlias = str
"""How far a feed has been read, in the CRM's own words; opaque to the engine."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many calls a CRM takes: so many in so many seconds, all at once if need be."""

    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Caps:
    """What a CRM can do.

    Attributes:
        batch_max: how many records one call of `push` or `fetch` takes.
        upsert_by_external_id: it creates or updates by the customer's id; nothing is created twice.
        conditional: it refuses a push that was computed before a later edit (`Conflict`), and one older than the seq it
            has, however late it lands.
        feed: `changes` tells what was edited there.
        echo_tag: its feed leaves out what the portal itself pushed.
        max_execution_seconds: how long a call that was given up may still take effect.
        rate: what all machines together may call; None where nobody counts.
        poll_seconds: how long at least between two calls of `changes`.
        reads: `fetch` tells what is there. A CRM that only listens says of everybody that nothing is known (seq 0).
        timeline_text: it wants `TimelineEntry.text`; without, nobody takes the trouble to find the words.
    """

    batch_max: int
    upsert_by_external_id: bool
    conditional: bool
    feed: bool
    echo_tag: bool
    max_execution_seconds: float
    rate: Rate | None = None
    poll_seconds: float = 0.0
    reads: bool = True
    timeline_text: bool = True


class Meter(Protocol):
    """Counts the calls to a CRM, so that all machines together keep within what it allows."""

    def spent(
        self, *, calls: int = 1, remaining: int | None = None, limit: int | None = None, resets_in: float | None = None
    ) -> None:
        """So many calls were made. If the CRM's answer said so: how many are left, of how many, until in how many
        seconds the counting starts over."""


class _NoMeter:
    def spent(
        self, *, calls: int = 1, remaining: int | None = None, limit: int | None = None, resets_in: float | None = None
    ) -> None:
        """Nobody counts."""


NO_METER: Meter = _NoMeter()
"""What a connector has until the engine gives it one."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One change record. `id` is "<chain>/<seq>", for ever the same: a timeline holds each id once.

    `text` says it in one line, in the operator's language: what a CRM that keeps no such records gets as a note.
    `lost` has what somebody put into a CRM and does not stand, because the other side's word counted for more.
    """

    id: str
    seq: int
    at: datetime
    action: str
    actor_kind: str
    actor_id: str
    actor_name: str | None
    via: str
    diffs: tuple[Diff, ...]
    lost: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Desired:
    """What the CRM is to say about one customer: the whole of it, at version `seq` of the record.

    Attributes:
        fields: the mapped profile fields by the CRM's names; None where the record has no value.
        said: who said so, by the CRM's names.
        timeline: the change records that the CRM does not have yet, oldest first.
        remote_id, etag: what the CRM answered last; None before the first push.
        restricted: the person has had processing restricted, and the CRM is to show it where it can; False if that is
            lifted, None if it never was so, or both sides know.
        summary: how and when to reach somebody, in a few words for a CRM without windows and consents; empty where
            nobody says.
    """

    customer_id: UUID
    number: str
    name: str
    seq: int
    fields: Mapping[str, Value]
    said: Mapping[str, Provenance]
    contact_points: tuple[ContactPoint, ...]
    contact_windows: tuple[ContactWindow, ...]
    consents: tuple[Consent, ...]
    notes: tuple[Note, ...]
    timeline: tuple[TimelineEntry, ...]
    remote_id: str | None = None
    etag: str | None = None
    restricted: bool | None = None
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """Which contact. A CRM knows its own id; where it also tells the customer's, that one is `customer_id`."""

    remote_id: str | None = None
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Editor:
    """A user of the CRM, and when they edited."""

    id: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Remote:
    """What the CRM says about one customer.

    Attributes:
        customer_id: whom the contact says that it belongs to; None if it says nobody.
        seq: the version of the record that was written last; 0 if none ever was.
        timeline_seq: through which change the timeline is complete; None if the CRM cannot tell.
        fields: the mapped fields by the CRM's names; absent is None.
        edited_by: who edited a field last, by the CRM's names; only where the CRM says.
        consents: the status by purpose and channel, None where its field is empty; no entry where it has no field.
        flags: where it has only a flag for a consent, whether that forbids, by purpose and channel;
            `portal.crm.mapping.told_by_flag` says what it means.
        points: what stands in its fields for contact points, by the CRM's names; None where one is empty. A field that
            is absent cannot be read.
        summary, restricted: what it shows in their fields; None where it has none.
        copies: the parts of the record that it keeps as they are, as `portal.crm.parts` writes them, by collection.
        unsaid: the fields whose "no" may as well mean that nobody said anything, because the CRM's checkboxes know no
            third state.
        merged: the ids of other contacts that somebody in the CRM merged into this one: whoever asks for one of them is
            told of this one.
    """

    customer_id: UUID | None
    remote_id: str
    etag: str | None
    seq: int
    timeline_seq: int | None
    fields: Mapping[str, Value]
    edited_by: Mapping[str, Editor] = field(default_factory=dict)
    consents: Mapping[tuple[str, str], ConsentStatus | None] = field(default_factory=dict)
    flags: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    points: Mapping[str, str | None] = field(default_factory=dict)
    summary: str | None = None
    restricted: bool | None = None
    copies: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    unsaid: frozenset[str] = frozenset()
    merged: frozenset[str] = frozenset()


class CursorExpired(Exception):
    """The CRM no longer knows a feed's cursor. The engine starts over, and compares every record anew."""


class Forged(ValueError):
    """A webhook that the CRM did not send, or sent to somebody else, or long ago."""


class Malformed(ValueError):
    """A genuine webhook that says nothing that can be understood."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What a webhook says: an event of this id, about this contact. Never believed further: the contact is fetched."""

    event_id: str
    ref: Ref


class Connector(Protocol):
    """One CRM. Methods may be called by several workers at a time.

    A method that cannot reach the CRM may raise: `push` is then taken as `Ambiguous`, the others are tried again.
    """

    label: str
    caps: Caps
    meter: Meter

    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        """Make the CRM say what is desired: an outcome for each, in order."""

    async def fetch(self, refs: Sequence[Ref]) -> Sequence[Remote]:
        """What the CRM says about these contacts, in any order; one that is not there is left out."""

    async def changes(self, cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        """Who was edited in the CRM since a cursor (None is the beginning), and the next cursor.

        What is told twice does no harm; what is left out is lost. The same cursor comes back when there was nothing.

        Raises:
            CursorExpired: the CRM does not know this cursor any more.
        """

    def verify(self, headers: Mapping[str, str], raw: bytes, url: str, now: datetime) -> Sequence[Hint]:
        """The hints of a webhook's body, if it is genuine; none where it is about nobody that matters here.

        Raises:
            Forged: its signature, or its time, is not right.
            Malformed: it is genuine, and cannot be understood.
        """

    async def erase(self, ref: Ref) -> None:
        """Remove a customer and whatever is kept about them. Erasing twice is no mistake."""
