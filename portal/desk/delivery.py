"""Where the record and the agent's own edits are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.catalogue.model import Catalogue
from portal.crm.embedded.card import Card, Delivered
from portal.desk.said import is_on_its_way
from portal.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Stop:
    """`state`: done (at `at`), wait, or failed."""

    name: str
    state: str
    at: datetime | None


def stops(catalogue: Catalogue, card: Card) -> list[Stop]:
    """Each CRM, and the customer's page where an agent's edit is on its way there."""
    found = [_stop(delivered) for delivered in card.deliveries]
    if any(is_on_its_way(card, field) for field in catalogue.fields.values()):
        found.append(Stop(_("Customer’s page"), "wait", None))
    return found


def problems(deliveries: Iterable[Delivered]) -> list[str]:
    """What a CRM says where it refuses the record."""
    return [f"{d.label}: {d.last_error}" for d in deliveries if d.status == "parked" and d.last_error]


def _stop(delivered: Delivered) -> Stop:
    if not delivered.behind:
        return Stop(delivered.label, "done", delivered.at)
    failed = delivered.status == "parked" or delivered.attempts > 0
    return Stop(delivered.label, "failed" if failed else "wait", None)
