"""What the customer told the company, as a card."""

from typing import Any

from portal.cards.card import Card
from portal.i18n import gettext as _
from portal.notes.forms import blank_note
from portal.notes.queries import threads
from portal.record.models import Record


def notes_card(record: Record, **content: Any) -> Card:
    """`editing` is the id of the note whose form is open; otherwise there is a form for a new one."""
    content = {"threads": threads(record), "editing": None, "new_form": blank_note(), **content}
    return Card("notes", _("What you told us"), "notes/_card.html", content)
