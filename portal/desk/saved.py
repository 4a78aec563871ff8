"""What a card says after an agent saved something: never more than is true at that moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import clock
from portal.audit.entry import ActorKind
from portal.catalogue.model import Catalogue, CustomerAccess, Field
from portal.crm.embedded.card import LATELY, NAME, Card
from portal.desk.said import field_said, is_in_record, is_mine, is_on_its_way, taken_at
from portal.formats import format_time
from portal.i18n import gettext as _
from portal.sync.waiting import stops
from portal.sync.waiting_words import where


@dataclass(frozen=True, slots=True)
class Saved:
    """A line under a card's heading; `id` is where a live update puts the next words."""

    card: str
    id: str
    words: str


def saved_fields(catalogue: Catalogue, card: Card, section: str, agent: UUID) -> Saved | None:
    """Where the fields of a section are that this agent edited a moment ago."""
    mine = [field for field in catalogue.section_fields(section) if field.key in card.edited_lately]
    if not mine:
        return None
    overtaken = [field for field in mine if not _stands(card, field, agent)]
    if overtaken:
        words = _overtaken(card, overtaken[0], agent)
    elif any(is_on_its_way(card, field) for field in mine):
        words = _("Saved in the CRM. On its way to the customer’s page.")
    elif not all(is_in_record(card, field) for field in mine):
        words = _("Saved in the CRM.")
    else:
        words = _shown(card, [field for field in mine if field.customer is not CustomerAccess.HIDDEN])
    return Saved(f"section-{section}", f"saved-{section}", words)


def _stands(card: Card, field: Field, agent: UUID) -> bool:
    editor = card.edited_by.get(field.key)
    return editor is not None and editor.id == str(agent)


def _overtaken(card: Card, field: Field, agent: UUID) -> str:
    """Somebody else changed the same after the agent, or the customer at the same time, whose word goes first."""
    said = field_said(card, field, agent)
    who = said.who if said else _("Somebody else")
    return _("Saved, and then overtaken: %(who)s changed this too, and that stands.") % {"who": who}


def _shown(card: Card, fields: Sequence[Field]) -> str:
    if not fields:
        return _("Saved in the CRM, and kept in the record. The customer does not see it.")
    since = max(taken_at(card, field) or card.said[field.key].at for field in fields)
    return _("Saved in the CRM. Shown to the customer since %(time)s.") % {"time": format_time(since)}


def nothing_to_save(section: str) -> Saved:
    """What was sent says what is there."""
    return Saved(f"section-{section}", f"saved-{section}", _("Nothing to save: the CRM says this already."))


def saved_answer(card: Card, seq: int) -> Saved:
    """Where an answer is that became change `seq`."""
    if card.record.seq < seq:
        return Saved("notes", f"saved-{seq}", _held(card, seq) or _("Saved. On its way to the CRM."))
    return Saved(
        "notes", f"saved-{seq}", _("Saved. In the CRM at %(time)s.") % {"time": format_time(_arrived(card, seq))}
    )


def _held(card: Card, seq: int) -> str | None:
    """What keeps it from the CRM, if it waits for more than its turn. A card that was read before the answer does not
    say yet since when."""
    own = [delivery for delivery in card.deliveries if delivery.connector == NAME]
    made = None if any(delivery.behind for delivery in own) else clock.now()
    told = where(stops(own, seq, made, {}, clock.now()), ActorKind.AGENT)
    return _("Saved. %(where)s.") % {"where": told.lines[0].words} if told and told.held else None


def answers_just_now(card: Card, agent: UUID) -> list[int]:
    """The changes by which this agent answered notes a moment ago, and which the CRM has."""
    return [
        entry.seq
        for entry in card.activity
        if entry.action == "note:answered" and is_mine(entry, agent) and clock.now() - entry.at < LATELY
    ]


def _arrived(card: Card, seq: int) -> datetime:
    """When the CRM whose card this is had a change."""
    entry = next((entry for entry in card.activity if entry.seq == seq), None)
    return (entry and entry.delivered.get(NAME)) or clock.now()
