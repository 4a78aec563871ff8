"""The log's filters, as they stand in its address."""

from wtforms import DateField, Form, StringField
from wtforms.validators import AnyOf, Length, Optional

from portal.web import forms

ACTORS = ("customer", "agent", "operator", "system")
SUBJECTS = ("profile", "contact_point", "contact_window", "consent", "note", "login", "customer")


class FilterForm(Form):
    class Meta(forms.Form.Meta):
        """Speaks the auditor's language; it is not sent, so it carries nothing along."""

    customer = StringField(validators=[Optional(), Length(max=64)], filters=[lambda text: (text or "").strip()])
    actor = StringField(validators=[Optional(), AnyOf(ACTORS)])
    action = StringField(validators=[Optional(), AnyOf(SUBJECTS)])
    after = DateField(validators=[Optional()])
    before = DateField(validators=[Optional()])
