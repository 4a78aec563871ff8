"""What a card says after an agent saved something: never more than is true at that moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal import clock
from portal.catalogue.model import Catalogue, CustomerAccess
from portal.crm.embedded.card import Card
from portal.desk.said import is_in_record, is_mine, is_on_its_way
from portal.formats import format_time
from portal.i18n import gettext as _

JUST_NOW = timedelta(minutes=5)
"""How long a page goes on telling where something is that was saved."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A line under a card's heading; `id` is where a live update puts the next words."""

    card: str
    id: str
    words: str


def saved_fields(catalogue: Catalogue, card: Card, section: str, agent: UUID) -> Saved | None:
    """Where the fields of a section are that this agent edited a moment ago."""
    mine = [f for f in catalogue.section_fields(section) if _edited_just_now(card, f.key, agent)]
    if not mine:
        return None
    shown = [field for field in mine if field.customer is not CustomerAccess.HIDDEN]
    if any(is_on_its_way(card, field) for field in mine):
        words = _("Saved in the CRM. On its way to the customer’s page.")
    elif not all(is_in_record(card, field) for field in mine):
        words = _("Saved in the CRM.")
    elif shown:
        since = max(card.record.said[field.key].at for field in shown)
        words = _("Saved in the CRM. Shown to the customer since %(time)s.") % {"time": format_time(since)}
    else:
        words = _("Saved in the CRM, and kept in the record. The customer does not see it.")
    return Saved(f"section-{section}", f"saved-{section}", words)


def nothing_to_save(section: str) -> Saved:
    """What was sent says what is there."""
    return Saved(f"section-{section}", f"saved-{section}", _("Nothing to save: the CRM says this already."))


def saved_answer(card: Card, seq: int) -> Saved:
    """Where an answer is that became change `seq`."""
    if card.record.seq < seq:
        return Saved("notes", f"saved-{seq}", _("Saved. On its way to the CRM."))
    return Saved("notes", f"saved-{seq}", _("Saved. In the CRM at %(time)s.") % {"time": format_time(_arrived(card))})


def answers_just_now(card: Card, agent: UUID) -> list[int]:
    """The changes by which this agent answered notes a moment ago, and which the CRM has."""
    return [
        entry.seq
        for entry in card.activity
        if entry.action == "note:answered" and is_mine(entry, agent) and clock.now() - entry.at < JUST_NOW
    ]


def _edited_just_now(card: Card, key: str, agent: UUID) -> bool:
    editor = card.edited_by.get(key)
    return editor is not None and editor.id == str(agent) and clock.now() - editor.at < JUST_NOW


def _arrived(card: Card) -> datetime:
    """When the CRM whose card this is had what it has."""
    return max((d.at for d in card.deliveries if d.at and not d.behind), default=clock.now())
