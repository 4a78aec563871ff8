"""The form of one contact window."""

from collections.abc import Mapping
from typing import Any

from wtforms import BooleanField, RadioField, SelectField, TimeField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional, ValidationError

from portal.audit.values import Value
from portal.catalogue.check import time_zones
from portal.catalogue.model import Catalogue
from portal.catalogue.told import channel_name, window_kind_name
from portal.formats import weekday_names
from portal.i18n import gettext as _
from portal.record.models import ContactWindow, WindowKind
from portal.web.forms import Form
from portal.web.forms.fields import Pick, Ticks
from portal.web.forms.lists import zones

WHOLE_DAY = "00:00"
"""A window that starts and ends at midnight is the whole day."""


EVERY_CHANNEL = "-"
"""Not the key of any channel: keys begin with a letter."""


class ContactWindowForm(Form):
    """A window as it is asked for; `all_day` stands for from midnight to midnight."""

    kind: Field
    weekdays: Field
    all_day: Field
    start: Field
    end: Field
    channel: Field
    time_zone: Field

    def validate(self, extra_validators: Any = None) -> bool:
        return super().validate(extra_validators) & self._hours_fit()

    def values(self) -> dict[str, Value]:
        """The window's attributes, once the form is valid."""
        all_day = self.all_day.data
        return {
            "kind": self.kind.data,
            "channel": None if self.channel.data == EVERY_CHANNEL else self.channel.data,
            "weekdays": sorted(set(self.weekdays.data)),
            "start": WHOLE_DAY if all_day else self.start.data.strftime("%H:%M"),
            "end": WHOLE_DAY if all_day else self.end.data.strftime("%H:%M"),
            "time_zone": self.time_zone.data,
        }

    def _hours_fit(self) -> bool:
        if self.all_day.data:
            return True
        missing = {
            self.start: _("Enter when it begins, such as 17:00, or tick the whole day."),
            self.end: _("Enter when it ends, such as 20:00."),
        }
        for field, words in missing.items():
            if field.data is None and not field.errors:
                field.errors = [*field.errors, words]
        if not self.start.errors and not self.end.errors and self.start.data == self.end.data:
            self.end.errors = [*self.end.errors, _("It ends when it begins. Tick the whole day if you mean that.")]
        return not self.start.errors and not self.end.errors


def contact_window_form(catalogue: Catalogue) -> type[ContactWindowForm]:
    """The form, its words in the current language."""
    one = [InputRequired(_("Choose one."))]
    made = {
        "kind": RadioField(
            _("Contact at this time is"),
            choices=[SelectChoice(kind.value, window_kind_name(kind)) for kind in WindowKind],
            default=WindowKind.DO.value,
            validators=one,
        ),
        "weekdays": Ticks(
            _("On these days"),
            choices=[SelectChoice(day, name) for day, name in sorted(weekday_names("wide").items())],
            coerce=int,
            validators=[InputRequired(_("Choose at least one day."))],
        ),
        "all_day": BooleanField(_("The whole day")),
        "start": TimeField(_("From"), validators=[Optional()]),
        "end": TimeField(
            _("Until"),
            description=_("A time before “from” is on the next day."),
            validators=[Optional()],
        ),
        "channel": SelectField(
            _("For"),
            choices=[SelectChoice(EVERY_CHANNEL, channel_name(catalogue, None))]
            + [SelectChoice(key, channel_name(catalogue, key)) for key in catalogue.channels],
            validators=one,
        ),
        "time_zone": Pick(_("Time zone"), choices=zones(), validators=[*one, _known_zone]),
    }
    return type("ContactWindowForm", (ContactWindowForm,), made)


def _known_zone(_form: Form, field: Field) -> None:
    if field.data not in time_zones():
        raise ValidationError(field.gettext("Not a valid choice."))


def typed(window: ContactWindow) -> Mapping[str, object]:
    """A window as the form shows it."""
    all_day = f"{window.start:%H:%M}" == f"{window.end:%H:%M}" == WHOLE_DAY
    return {
        "kind": window.kind.value,
        "weekdays": list(window.weekdays),
        "all_day": all_day,
        "start": None if all_day else window.start,
        "end": None if all_day else window.end,
        "channel": window.channel or EVERY_CHANNEL,
        "time_zone": window.time_zone,
    }
