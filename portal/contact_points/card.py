"""How to reach the customer, as a card."""

from typing import Any

from portal.cards.card import Card
from portal.i18n import gettext as _


def points_card(**content: Any) -> Card:
    """`editing` is the id of the contact point whose form is open, or "new"."""
    return Card("points", _("How to reach you"), "contact_points/_card.html", {"editing": None, **content})
