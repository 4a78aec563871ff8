"""What the customer agrees to, as a card."""

from collections.abc import Collection

from portal.cards.card import Card
from portal.catalogue.model import Catalogue
from portal.consents.queries import grid
from portal.i18n import gettext as _
from portal.record.models import Record


def consents_card(catalogue: Catalogue, record: Record, *, typed: Collection[str] | None = None) -> Card:
    """`typed` are the switches that are on in a form that comes back."""
    content = {"rows": grid(catalogue, record), "typed": typed}
    return Card("consents", _("What you agree to"), "consents/_card.html", content)
