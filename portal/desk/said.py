"""Who said so, and when, as an agent reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.audit.entry import Actor, ActorKind
from portal.audit.values import Value
from portal.catalogue.model import CustomerAccess, Field
from portal.catalogue.wording import who
from portal.crm.embedded.card import Activity, Card
from portal.i18n import gettext as _
from portal.record.models import Provenance
from portal.sync.waiting_words import came_from


@dataclass(frozen=True, slots=True)
class Said:
    """`who` in words. `way` says how far an agent's own edit is, where that is worth a word."""

    who: str
    at: datetime
    way: str | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What others changed since an agent's last visit.

    Attributes:
        activity: the entries, newest first.
        before: by path, what was there before the first of them.
    """

    activity: tuple[Activity, ...]
    before: Mapping[str, Value]

    def touches(self, prefix: str) -> bool:
        """Whether anything at or below a path is new."""
        return any(path == prefix or path.startswith(f"{prefix}/") for path in self.before)


def news(card: Card, agent: UUID) -> News:
    """What is new to this agent."""
    entries = tuple(e for e in card.activity if e.seq > card.since_seq and not is_mine(e, agent))
    before: dict[str, Value] = {}
    for entry in entries:
        before |= {diff.path: diff.old for diff in entry.diffs}
    return News(entries, before)


def is_mine(entry: Activity, agent: UUID) -> bool:
    return entry.actor_kind == ActorKind.AGENT and entry.actor_id == str(agent)


def who_did(card: Card, entry: Activity, agent: UUID) -> str:
    """The actor of an entry of the timeline."""
    if is_mine(entry, agent):
        return _("You")
    actor = Actor(ActorKind(entry.actor_kind), entry.actor_id, entry.via)
    return who(actor, reader=ActorKind.AGENT, name=entry.actor_name, crm=came_from(entry.via, card.deliveries))


def field_said(card: Card, field: Field, agent: UUID) -> Said | None:
    """Who said what stands in a field of the profile, or emptied it."""
    provenance, editor = card.said.get(field.key), card.edited_by.get(field.key)
    if provenance is None or editor is None:
        return item_said(provenance, card, agent)
    name = _("You") if editor.id == str(agent) else _("%(name)s, customer care") % {"name": editor.name}
    return Said(name, editor.at, _("· on its way to the customer’s page") if is_on_its_way(card, field) else None)


def is_on_its_way(card: Card, field: Field) -> bool:
    """Whether the customer does not see yet what an agent wrote for them."""
    return field.customer is not CustomerAccess.HIDDEN and not is_in_record(card, field)


def is_in_record(card: Card, field: Field) -> bool:
    """Whether the record has what an agent wrote: until then, the CRM's own word is its provenance."""
    provenance, editor = card.said.get(field.key), card.edited_by.get(field.key)
    if provenance is None or editor is None or provenance.at != editor.at:
        return True
    return taken_at(card, field) is not None


def taken_at(card: Card, field: Field) -> datetime | None:
    """When the record took over the last edit of a field, if its timeline says so."""
    provenance = card.said[field.key]
    entries = (e for e in card.activity if e.seq > provenance.seq and any(d.path == field.path for d in e.diffs))
    return max((entry.at for entry in entries), default=None)


def item_said(provenance: Provenance | None, card: Card, agent: UUID) -> Said | None:
    """Who said something that is no field: the timeline knows the name, as far as it goes back."""
    if provenance is None:
        return None
    if entry := next((e for e in card.activity if e.seq == provenance.seq), None):
        return Said(who_did(card, entry, agent), provenance.at)
    actor = Actor(ActorKind(provenance.actor_kind), "", provenance.via)
    crm = came_from(provenance.via, card.deliveries)
    return Said(who(actor, reader=ActorKind.AGENT, crm=crm), provenance.at)
