"""When to contact the customer, as a card: the week as a picture, the windows as a list."""

from typing import Any

from portal import clock
from portal.cards.card import Card
from portal.catalogue.model import Catalogue
from portal.contact.plot import plots
from portal.i18n import gettext as _
from portal.record.models import Record


def windows_card(catalogue: Catalogue, record: Record, **content: Any) -> Card:
    """`editing` is the id of the window whose form is open, or "new"."""
    weeks = plots(record.contact_windows, clock.now(), catalogue=catalogue)
    content = {"editing": None, "weeks": weeks, **content}
    return Card("windows", _("When to contact you"), "contact_windows/_card.html", content)
