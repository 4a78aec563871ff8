"""The agents' side of the built-in CRM: find a contact, see it, edit it. For the staff's role of the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from portal import clock
from portal.audit.entry import Diff
from portal.catalogue.model import Catalogue
from portal.crm.embedded.hints import hints
from portal.crm.embedded.search_keys import search_terms
from portal.crm.parts import provenance_from, record_from
from portal.crm.port import Editor
from portal.db.database import Database, Row
from portal.record.delivery import Delivery, delivered, delivery
from portal.record.models import Provenance, Record

NAME = "embedded"
"""What the catalogue calls this CRM."""

SEARCH = "SELECT * FROM crm.search_v3(%s, %s)"
CARD = Path(__file__).with_name("card.sql").read_text(encoding="utf-8")

VISIT = timedelta(minutes=30)
"""A contact that an agent did not look at for this long is visited anew."""
LATELY = timedelta(minutes=5)
"""How long a page goes on telling what became of an edit."""
RECENT = 50


@dataclass(frozen=True, slots=True)
class Viewer:
    """The member of staff who looks or edits."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Found:
    """A contact that fits a search, with hints that tell people of one name apart. It says no more than that: to see
    more is to read, and reading is written down."""

    contact_id: UUID
    customer_id: UUID | None
    number: str
    name: str
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry of the timeline: a change record of the portal. `lost` has what was put in here and does not stand,
    `delivered` when each connector's CRM had it; absent while it waits."""

    entry_id: str
    seq: int
    at: datetime
    action: str
    actor_kind: str
    actor_id: str
    actor_name: str | None
    via: str
    diffs: tuple[Diff, ...]
    lost: Mapping[str, str] = field(default_factory=dict)
    delivered: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """A contact as the CRM has it.

    Attributes:
        customer_id: whose contact it is; None if it is not from the portal.
        version: what an edit form carries.
        record: everything, as a record; who said so is in its provenance.
        said: who said so last, by the catalogue's keys, also where a field was emptied.
        edited_by: by the catalogue's keys, the agent whose word stands in a field.
        edited_lately: the keys of the fields that the viewer edited a moment ago, even if their word stands no more.
        activity: the timeline, newest first.
        since_at, since_seq: the viewer's visit before this one, and the version they saw; activity with a higher seq is
            new to them. At the first visit there is no time, and only what happens during it is new.
        deliveries: how far each connector is.
        delivered: by connector, when it had the newest version of the record; absent while that waits.
        restricted: processing is restricted (GDPR 18): it may be kept, and not be used.
        beside: what the reader had asked beside it.
    """

    contact_id: UUID
    customer_id: UUID | None
    version: int
    record: Record
    said: Mapping[str, Provenance]
    edited_by: Mapping[str, Editor]
    edited_lately: frozenset[str]
    activity: tuple[Activity, ...]
    since_at: datetime | None
    since_seq: int
    deliveries: tuple[Delivery, ...]
    delivered: Mapping[str, datetime]
    restricted: bool = False
    beside: Any = None


async def find(database: Database, query: str, limit: int = 20) -> list[Found]:
    """Contacts by the beginning of a name, e-mail address, phone number or customer number; best matches first."""
    terms = search_terms(query)
    if not terms:
        return []
    rows = await database.fetch_all(SEARCH, [terms, limit], retry=True)
    return [
        Found(row["contact_id"], row["portal_id"], row["number"], row["name"], hints(row["contact_points"]))
        for row in rows
    ]


async def card(
    database: Database, catalogue: Catalogue, id: UUID, viewer: Viewer, *, again: bool = False, beside: str = "NULL"
) -> Card | None:
    """The contact of that id, or of the customer of that id; None if there is none. The reading is written down.

    Args:
        again: a page that is open looks again. Within a visit, that is no reading of its own.
        beside: an SQL expression of the reader's own about the contact `c`, answered by the same statement.
    """
    row = await database.fetch_one(
        CARD.format(beside=beside),
        {
            "id": id,
            "access": clock.uuid7(),
            "agent": viewer.id,
            "name": viewer.name,
            "visit": VISIT,
            "again": again,
            "lately": LATELY,
            "activity": RECENT,
        },
    )
    return None if row is None else _card(catalogue, row)


def _card(catalogue: Catalogue, row: Row) -> Card:
    keys = {field.crm[NAME].name: field.key for field in catalogue.fields.values() if NAME in field.crm}
    return Card(
        contact_id=row["contact_id"],
        customer_id=row["customer_id"],
        version=row["version"],
        record=_record(row, keys),
        said={keys[name]: provenance_from(said) for name, said in row["provenance"].items() if name in keys},
        edited_by={keys[name]: editor(by) for name, by in row["edited_by"].items() if name in keys},
        edited_lately=frozenset(keys[name] for name in row["edited_lately"] or () if name in keys),
        activity=tuple(_activity(entry) for entry in row["activity"] or ()),
        since_at=row["before_at"],
        since_seq=row["before_seq"],
        deliveries=tuple(map(delivery, row["deliveries"] or ())),
        delivered=delivered(row["delivered"]),
        restricted=row["restricted"],
        beside=row["beside"],
    )


def editor(by: Mapping[str, Any]) -> Editor:
    """Who edited a field, from the CRM's JSON."""
    return Editor(by["id"], by["name"], datetime.fromisoformat(by["at"]))


def _record(row: Row, keys: Mapping[str, str]) -> Record:
    return record_from(
        id=row["customer_id"] or row["contact_id"],
        number=row["number"],
        seq=row["portal_seq"],
        profile={keys[name]: value for name, value in row["fields"].items() if name in keys},
        said={keys[name]: said for name, said in row["provenance"].items() if name in keys},
        contact_points=row["contact_points"],
        contact_windows=row["contact_windows"],
        consents=row["consents"],
        notes=row["notes"],
    )


def _activity(entry: Mapping[str, Any]) -> Activity:
    diffs = tuple(Diff(diff["path"], diff["old"], diff["new"]) for diff in entry["diffs"] if "lost" not in diff)
    lost = {diff["path"]: diff["lost"] for diff in entry["diffs"] if "lost" in diff}
    moments = {"at": datetime.fromisoformat(entry["at"]), "delivered": delivered(entry["delivered"])}
    return Activity(**{**entry, **moments, "diffs": diffs, "lost": lost})
