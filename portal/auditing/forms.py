"""The log's filters, as they stand in its address."""

from wtforms import DateField, Form, SelectField, StringField
from wtforms.validators import Length, Optional

ACTORS = ("customer", "agent", "operator", "system")
SUBJECTS = ("profile", "contact_point", "contact_window", "consent", "note", "login", "customer")


class FilterForm(Form):
    customer = StringField(validators=[Optional(), Length(max=64)], filters=[lambda text: (text or "").strip()])
    actor = SelectField(choices=[(value, value) for value in ("", *ACTORS)], default="")
    action = SelectField(choices=[(value, value) for value in ("", *SUBJECTS)], default="")
    after = DateField(validators=[Optional()])
    before = DateField(validators=[Optional()])
