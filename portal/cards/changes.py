"""Changes as their customer reads them: what, who, when, and how far each has come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal import clock
from portal.audit.entry import ActorKind, Entry
from portal.audit.values import Value
from portal.catalogue.model import Catalogue
from portal.catalogue.wording import Phrase, describe_change, for_customer, name_of_actor, who
from portal.record.delivery import Delivery
from portal.record.models import System
from portal.record.read import RecentChange
from portal.sync.waiting import stops
from portal.sync.waiting_words import Told, came_from, where


@dataclass(frozen=True, slots=True)
class ToldChange:
    """`lines` say what became of what, `who` is the actor as the customer knows them, `where` how far it has come."""

    seq: int
    at: datetime
    who: str
    lines: list[Phrase]
    where: Told | None
    entry: Entry

    @property
    def own(self) -> bool:
        """Whether the customer made it."""
        return self.entry.actor.kind is ActorKind.CUSTOMER

    @property
    def place(self) -> str:
        """In which CRMs it is and for which it waits, in one line; empty where there is nothing to say."""
        return "; ".join(line.words for line in self.where.lines) if self.where else ""

    @property
    def arrived(self) -> bool:
        """Whether every CRM has it."""
        return self.where is not None and self.where.state == "done"


OPPOSITES = {
    "profile:changed": "profile:changed",
    "contact_point:added": "contact_point:removed",
    "contact_point:changed": "contact_point:changed",
    "contact_point:removed": "contact_point:added",
    "contact_point:ranked": "contact_point:ranked",
    "contact_window:added": "contact_window:removed",
    "contact_window:changed": "contact_window:changed",
    "contact_window:removed": "contact_window:added",
    "note:added": "note:removed",
    "note:changed": "note:changed",
    "note:removed": "note:added",
}
"""What undoes what. A consent is not among them: it is decided beside its text, where the switch is."""


def can_undo(catalogue: Catalogue, entry: Entry, state: Mapping[str, Value]) -> bool:
    """Whether the customer may take this change back: it is their own, has an opposite, and touches nothing that is
    changed after a fresh login only.

    Args:
        state: the record, which says what kind of address a contact point is.
    """
    own = entry.actor.kind is ActorKind.CUSTOMER and entry.action in OPPOSITES
    return own and not any(catalogue.is_sensitive(path) or _is_email(path, entry, state) for path in entry.paths)


def _is_email(path: str, entry: Entry, state: Mapping[str, Value]) -> bool:
    """Whether an e-mail address stands at this path, or stood there before the change."""
    of, _slash, name = path.rpartition("/")
    system = f"{of}/system"
    said = (
        state.get(system),
        *(value for diff in entry.diffs if diff.path == system for value in (diff.old, diff.new)),
    )
    return of.startswith("contact_points/") and name == "value" and System.EMAIL in said


def tell(
    catalogue: Catalogue, changes: Iterable[RecentChange], deliveries: Iterable[Delivery], state: Mapping[str, Value]
) -> list[ToldChange]:
    """Some changes, without those in which a customer has nothing to see."""
    deliveries = list(deliveries)
    told = (_told(catalogue, change, deliveries, state) for change in changes)
    return [change for change in told if change.lines]


def undoable(catalogue: Catalogue, changes: Iterable[ToldChange], state: Mapping[str, Value]) -> int | None:
    """The number of the customer's own last change, if they may take it back."""
    own = next((c for c in changes if c.own), None)
    return own.seq if own and can_undo(catalogue, own.entry, state) else None


def _told(
    catalogue: Catalogue, change: RecentChange, deliveries: list[Delivery], state: Mapping[str, Value]
) -> ToldChange:
    entry = change.entry
    return ToldChange(
        seq=entry.seq,
        at=entry.at,
        who=who(
            entry.actor,
            reader=ActorKind.CUSTOMER,
            name=name_of_actor(entry),
            crm=came_from(entry.actor.via, deliveries),
        ),
        lines=describe_change(catalogue, entry, for_customer(catalogue, entry.diffs), state=state),
        where=where(stops(deliveries, entry.seq, entry.at, change.delivered, clock.now()), ActorKind.CUSTOMER),
        entry=entry,
    )
