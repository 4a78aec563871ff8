"""The log's filters, as they stand in its address."""

from collections.abc import Callable, Collection

from wtforms import DateField, Form, StringField
from wtforms.fields import Field
from wtforms.validators import Length, Optional, ValidationError

from portal.auditing.reached import Reached
from portal.i18n import gettext as _
from portal.web import forms

ACTORS = ("customer", "agent", "operator", "system")
SUBJECTS = ("profile", "contact_point", "contact_window", "consent", "note", "login", "customer")


def _one_of(choices: Collection[str]) -> Callable[[Form, Field], None]:
    def check(_form: Form, field: Field) -> None:
        if field.data not in choices:
            raise ValidationError(_("This is none of the choices."))

    return check


def _with_neighbours(_form: Form, field: Field) -> None:
    """The day after is asked for, too, and the moment at which it begins elsewhere: the calendar ends at year 9999."""
    if field.data and not 1 < field.data.year < 9999:
        raise ValidationError(field.gettext("Not a valid date value."))


EVENTS = ("login:failed", "login:pending", "login:refused", "log:verified")


class FilterForm(Form):
    class Meta(forms.Form.Meta):
        """Speaks the auditor's language; it is not sent, so it carries nothing along."""

    customer = StringField(validators=[Optional(), Length(max=64)], filters=[lambda text: (text or "").strip()])
    actor = StringField(validators=[Optional(), _one_of(ACTORS)])
    action = StringField(validators=[Optional(), _one_of(SUBJECTS)])
    after = DateField(validators=[Optional(), _with_neighbours])
    before = DateField(validators=[Optional(), _with_neighbours])
    delivery = StringField(validators=[Optional(), _one_of(tuple(Reached))])


class EventFilterForm(Form):
    class Meta(forms.Form.Meta):
        """As above."""

    kind = StringField(validators=[Optional(), _one_of(EVENTS)])
    after = DateField(validators=[Optional(), _with_neighbours])
    before = DateField(validators=[Optional(), _with_neighbours])
