"""The grid of what a customer agrees to, as it comes back: which switches are on, which were, what texts were shown."""

from collections.abc import Iterable
from typing import Any

from wtforms import SelectMultipleField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from portal.catalogue.model import Catalogue
from portal.catalogue.told import purpose_name
from portal.i18n import gettext as _
from portal.web.forms import Form


class ConsentForm(Form):
    """Cells are named `<purpose>/<channel>`, texts `<purpose>@<version>`."""

    catalogue: Catalogue
    agreed: Field
    shown_agreed: Field
    notice: Field
    switched: Field

    def validate(self, extra_validators: Any = None) -> bool:
        if not super().validate(extra_validators):
            return False
        self.form_errors = list(self._unread())
        return not self.form_errors

    def decisions(self) -> dict[tuple[str, str], bool]:
        """What was decided, by purpose and channel: the switch that was used just now, else all that are not as they
        were when the form was drawn."""
        on, was_on = set(self.agreed.data), set(self.shown_agreed.data)
        return {_cell(name): name in on for name in sorted(set(self.switched.data) or on ^ was_on)}

    def _unread(self) -> Iterable[str]:
        """Nobody agrees to a text that they did not see."""
        for purpose in sorted({purpose for (purpose, _channel), agrees in self.decisions().items() if agrees}):
            notice = self.catalogue.notices[self.catalogue.purposes[purpose].notice]
            if f"{purpose}@{notice.version}" not in self.notice.data:
                message = _("The text about “%(purpose)s” is a new one. Read it, and switch again if you agree.")
                yield message % {"purpose": purpose_name(self.catalogue, purpose)}


def consent_form(catalogue: Catalogue) -> type[ConsentForm]:
    """The form for all that can be switched."""
    cells = [
        f"{purpose.key}/{channel}"
        for purpose in catalogue.purposes.values()
        for channel in purpose.channels
        if channel not in purpose.locked
    ]
    choices = [SelectChoice(cell) for cell in cells]
    made = {
        "catalogue": catalogue,
        "agreed": SelectMultipleField(choices=choices),
        "shown_agreed": SelectMultipleField(choices=choices),
        "notice": SelectMultipleField(validate_choice=False),
        "switched": SelectMultipleField(choices=choices),
    }
    return type("ConsentForm", (ConsentForm,), made)


def _cell(name: str) -> tuple[str, str]:
    purpose, _slash, channel = name.partition("/")
    return purpose, channel
