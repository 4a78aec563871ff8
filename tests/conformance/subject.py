"""What is put to the test: a connector, the CRM at its other end, and the customer that both are asked about."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from portal.audit.values import Value
from portal.catalogue import Catalogue, load
from portal.catalogue.model import CrmContactPoint, CrmField, Field, Kind
from portal.crm.port import Connector, Consent, ConsentStatus, ContactPoint, Desired, TimelineEntry
from portal.paths import resource
from portal.record.models import System, Use
from tests.builders import a_number
from tests.standins.server import Matches, StandIn

NAME = "crm"

ALICE: Mapping[str, Value] = {
    "given_name": "Zoë",
    "family_name": "Märsh-O'Neill ✓",
    "language": "en",
    "pronouns": "she",
    "helps_me": ["text_first", "extra_time"],
    "good_to_know": "Ring twice.\nThe bell is broken; <b>knock</b> & wait.",
    "account_tier": "home_plus",
    "customer_since": "2024-02-29",
    "paperless": True,
}
"""One value of every kind, with all that is lost on the way where somebody does not take care."""


@dataclass(frozen=True)
class There:
    """A contact as the CRM itself has it: raw fields, the version it was told, and its timeline's words in order."""

    remote_id: str
    fields: Mapping[str, Any]
    seq: int
    timeline: Sequence[str] = ()


@dataclass(frozen=True)
class Delivery:
    """A webhook as it arrives."""

    headers: Mapping[str, str]
    raw: bytes
    url: str
    now: datetime


class Subject(ABC):
    """One connector under test.

    `one_call_each`: a call writes one record, and what happens to it happens to that record alone.
    `email` is what the CRM calls its field for the first e-mail address, if it has one.
    `raw` is what the CRM must hold of ALICE, by its own names, and `cleared` of somebody of whom nothing is known.
    """

    connector: Connector
    standin: StandIn | None = None
    one_call_each = False
    hurry_seconds = 2.0
    email: str | None = None
    names: Mapping[str, str]
    raw: Mapping[str, Any]
    cleared: Mapping[str, Any]

    @abstractmethod
    async def there(self, customer: UUID) -> There | None:
        """The customer's contact."""

    @abstractmethod
    async def count(self, customer: UUID) -> int:
        """How many contacts are the customer's."""

    @abstractmethod
    async def edit(self, customer: UUID, **fields: Any) -> None:
        """A user of the CRM changes fields, by the CRM's own names, to raw values."""

    async def correct(self, customer: UUID, address: str | None) -> None:
        """A user of the CRM writes another e-mail address where the first one stands, or none."""
        assert self.email
        await self.edit(customer, **{self.email: "" if address is None else address})

    async def promote(self, customer: UUID) -> str:
        """A user of the CRM gives a customer another plan; gives the name of the field."""
        name = self.names["account_tier"]
        await self.edit(customer, **{name: self.raw_of("account_tier", "business")})
        return name

    async def poison(self, wish: Desired) -> Desired | None:
        """The same, but with something in it that this CRM refuses; None where it refuses nothing."""
        return None

    def refuse_story(self, entry: str) -> bool:
        """Let the CRM refuse the change record of this id in timelines; False where it takes all, or a timeline is
        written with the contact."""
        refused = getattr(self.standin, "untellable", None)
        if refused is not None:
            refused.add(entry)
        return refused is not None

    def refuse_whole(self) -> bool:
        """Let the CRM refuse a batch whole from now on, without a word about which record is wrong; False where it does
        not do that."""
        return False

    async def take_number(self, number: str) -> bool:
        """Let somebody who is no customer have a customer number there; False where the CRM has none."""
        return False

    async def somebody(self, name: str) -> str:
        """A user of the CRM makes a contact of this family name, who is nobody's; gives its id."""
        raise NotImplementedError

    def calls_for(self, wishes: Sequence[Desired]) -> int:
        """How many calls write these records."""
        return len(wishes) if self.one_call_each else 1

    def hurry(self) -> None:
        """Wait no longer than a test can, from now on."""
        http = getattr(self.connector, "_http", None)
        assert http is not None
        http.deadline = self.hurry_seconds

    def raw_of(self, key: str, value: str) -> Any:
        """How the CRM writes a value of a text or choice."""
        return value

    def told(self, seq: int) -> str:
        """What the timeline says of a change record, as the CRM gives it back."""
        return words_of(seq)

    @property
    def can_be_read(self) -> bool:
        """Whether the CRM can be asked what it has."""
        return True

    def writes_timeline(self) -> Matches | None:
        """Which calls write to timelines alone; None where that is one with the contact."""
        return None

    async def read_all(self) -> str:
        """The cursor at the end of the feed."""
        cursor = None
        for _ in range(100):
            _refs, later = await self.connector.changes(cursor)
            if later == cursor:
                return later
            cursor = later
        raise AssertionError("the feed does not end")

    async def delete(self, customer: UUID) -> bool:
        """A user of the CRM deletes a customer's contact; False where the connector does not see that."""
        return False

    async def merge(self, away: UUID, survivor: UUID) -> bool:
        """A user of the CRM merges one customer's contact into another's; False where that cannot be seen."""
        return False

    async def expired_cursor(self) -> str | None:
        """A cursor that is not understood any more; None where that cannot be."""
        return None

    def delivery(self, customer: UUID) -> Delivery | None:
        """A genuine webhook about a customer; None where there are none."""
        return None

    def signed(self, raw: bytes) -> Delivery:
        """A webhook of this body that is genuine."""
        raise NotImplementedError

    def tells_allowance(self) -> bool:
        """Whether the CRM's answers say how many calls are left."""
        return False

    def wish(
        self, customer: UUID | None = None, *, seq: int = 1, entries: Sequence[int] = (), **fields: Value
    ) -> Desired:
        """What a drain would push: ALICE, but for what is named otherwise, and nothing known of her CRM's side."""
        customer = customer or uuid4()
        profile = {**ALICE, **fields}
        return Desired(
            customer_id=customer,
            number=a_number(),
            name="Zoë Märsh-O'Neill ✓",
            seq=seq,
            fields={there: profile[key] for key, there in self.names.items()},
            said={},
            contact_points=(POINT,),
            contact_windows=(),
            consents=(CONSENT,),
            notes=(),
            timeline=tuple(an_entry(customer, number) for number in entries),
            summary="Call on weekdays from 17:00 to 20:00.",
        )


POINT = ContactPoint(UUID(int=7), System.EMAIL, "zoe@example.com", Use.PRIVATE, 1)
SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
CONSENT = Consent("offers", "email", ConsentStatus.OPT_IN, SINCE, "portal", SINCE, None, "consent", "offers", "2026-03")


def an_entry(customer: UUID, seq: int) -> TimelineEntry:
    """A change record of a customer."""
    return TimelineEntry(
        id=f"{customer}/{seq}",
        seq=seq,
        at=datetime(2026, 3, 1, 12, seq % 60, tzinfo=UTC),
        action="profile:edited",
        actor_kind="customer",
        actor_id=str(customer),
        actor_name="Zoë Märsh",
        via="portal",
        diffs=(),
        text=words_of(seq),
    )


def words_of(seq: int) -> str:
    """What a timeline says of a change record."""
    return f"Change {seq}: “weekdays” <17–20>"


def known(wish: Desired, remote_id: str, etag: str | None, **changes: Any) -> Desired:
    """What is pushed next, after the CRM has answered."""
    return replace(wish, remote_id=remote_id, etag=etag, **changes)


@dataclass(frozen=True)
class Names:
    """What a CRM calls the fields of the conformance tests."""

    fields: Mapping[str, CrmField]
    points: Mapping[str, CrmField] = field(default_factory=dict)
    permissions: Mapping[tuple[str, str], CrmField] = field(default_factory=dict)
    summary: CrmField | None = None

    @property
    def plain(self) -> dict[str, str]:
        """The names alone."""
        return {key: there.name for key, there in self.fields.items()}


def a_catalogue(names: Names) -> Catalogue:
    """The catalogue that comes along, with a yes-or-no field besides, as a CRM with these names has it."""
    catalogue = load(resource("catalogue.toml"))
    like = catalogue.fields["good_to_know"]
    paperless: Field = replace(like, key="paperless", kind=Kind.BOOLEAN, max_length=0, crm={})
    fields = {**catalogue.fields, "paperless": paperless}
    return replace(
        catalogue,
        fields={
            key: replace(one, crm={NAME: names.fields[key]} if key in names.fields else {})
            for key, one in fields.items()
        },
        purposes={
            key: replace(
                one, crm={NAME: {way: there for (purpose, way), there in names.permissions.items() if purpose == key}}
            )
            for key, one in catalogue.purposes.items()
        },
        contact_points={
            key: CrmContactPoint(key, System(key), (), {NAME: there}) for key, there in names.points.items()
        },
        summary={NAME: names.summary} if names.summary else {},
    )
