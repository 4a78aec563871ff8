"""Where the record, each change and the agent's own edits are."""

from portal import clock
from portal.audit.entry import ActorKind
from portal.catalogue.model import Catalogue
from portal.crm.embedded.card import Activity, Card
from portal.desk.said import is_on_its_way
from portal.i18n import gettext as _
from portal.sync.waiting import stops
from portal.sync.waiting_words import Line, Told, where


def record_lines(catalogue: Catalogue, card: Card) -> list[Line]:
    """Each CRM, and the customer's page where an agent's edit is on its way there."""
    newest = max((d.desired_seq for d in card.deliveries), default=0)
    told = where(stops(card.deliveries, newest, None, card.delivered, clock.now()), ActorKind.AGENT)
    lines = list(told.lines) if told else []
    if any(is_on_its_way(card, field) for field in catalogue.fields.values()):
        lines.append(Line("wait", _("On its way to the customer’s page")))
    return lines


def change_told(card: Card, entry: Activity) -> Told | None:
    """How far a change has come."""
    return where(stops(card.deliveries, entry.seq, entry.at, entry.delivered, clock.now()), ActorKind.AGENT)
