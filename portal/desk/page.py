"""One customer as an agent sees them: what every template of the desk knows."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal import clock
from portal.catalogue.model import Catalogue
from portal.catalogue.told import told
from portal.crm.embedded.card import Card
from portal.desk import reach
from portal.desk.activity import timeline
from portal.desk.ahead import ahead_words, is_restricted, record_ahead
from portal.desk.delivery import record_lines
from portal.desk.facts import sections
from portal.desk.glance import Glance, glance
from portal.desk.said import news
from portal.desk.saved import Saved, saved_fields
from portal.formats import language_name
from portal.i18n import gettext as _
from portal.notes.queries import threads
from portal.record.models import Note, Record

LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Customer:
    """`about` are the words beside the name; `helps` and `good_to_know` are what one must know before one speaks."""

    id: UUID
    name: str
    number: str
    about: list[str]
    helps: str
    good_to_know: str


def desk_page(catalogue: Catalogue, card: Card, agent: UUID, *, pending: Iterable[Note] = ()) -> dict[str, Any]:
    """Everything on the page. `pending` are the agent's own notes that the CRM does not have yet."""
    now, new = clock.now(), news(card, agent)
    told_notes = replace(card.record, notes=(*card.record.notes, *pending))
    ahead = record_ahead(card)
    at_a_glance = glance(card.record, now, catalogue=catalogue, ahead=ahead)
    return {
        "customer": _customer(catalogue, card),
        "restricted": is_restricted(card),
        "glance": at_a_glance,
        "ahead": ahead_words(card),
        "turns_in": _seconds(at_a_glance, now),
        "threads": threads(told_notes),
        "fresh_notes": [note.id for note in card.record.notes if new.touches(f"notes/{note.id}")],
        "points": reach.points(catalogue, card, new, agent, ahead),
        "windows": reach.windows(catalogue, card, new, agent, ahead),
        "weeks": reach.weeks(catalogue, card, at_a_glance.channel, now, ahead) if at_a_glance else (),
        "sections": sections(catalogue, card, new, agent),
        "consents": reach.consents(catalogue, card, new, ahead),
        "timeline": timeline(catalogue, card, agent),
        "places": record_lines(catalogue, card),
        "shown": card.record.seq,
        "seq": card.version,
        "saved": {s.card: s for s in _saved(catalogue, card, agent)},
        "just_saved": None,
        "editing": None,
        "answering": None,
        "form": None,
    }


def _customer(catalogue: Catalogue, card: Card) -> Customer:
    record = card.record
    return Customer(
        id=card.customer_id or card.contact_id,
        name=record.name,
        number=record.number,
        about=[words for words in _about(catalogue, record) if words],
        helps=_told(catalogue, record, "helps_me"),
        good_to_know=_told(catalogue, record, "good_to_know"),
    )


def _about(catalogue: Catalogue, record: Record) -> Iterable[str]:
    """`wants to be called Ali · say AL-iss · she/her · customer 20418 · German preferred`"""
    call_me, pronunciation = _told(catalogue, record, "call_me"), _told(catalogue, record, "pronunciation")
    if call_me and call_me != record.profile.get("given_name"):
        yield _("call them %(name)s") % {"name": call_me}
    if pronunciation:
        yield _("say %(how)s") % {"how": pronunciation}
    yield _told(catalogue, record, "pronouns")
    yield _("customer %(number)s") % {"number": record.number}
    if language := record.profile.get("language"):
        yield _("%(language)s preferred") % {"language": language_name(str(language))}


def _told(catalogue: Catalogue, record: Record, key: str) -> str:
    """A field that the desk knows by name, if the catalogue has it."""
    field = catalogue.fields.get(key)
    return told(record.profile.get(key), field) if field else ""


def _saved(catalogue: Catalogue, card: Card, agent: UUID) -> Iterable[Saved]:
    return (saved for key in catalogue.sections if (saved := saved_fields(catalogue, card, key, agent)))


def _seconds(seen: Glance | None, now: datetime) -> int:
    """After how long the answer is to be asked for anew: when it becomes another, and now and then anyway."""
    wait = seen.turns - now if seen and seen.turns else LONGEST_WAIT
    return int(min(max(wait, timedelta(seconds=1)), LONGEST_WAIT).total_seconds()) + 1
