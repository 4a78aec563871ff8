"""The log's filters, as they stand in its address."""

from wtforms import DateField, Form, StringField
from wtforms.validators import AnyOf, Length, Optional

ACTORS = ("customer", "agent", "operator", "system")
SUBJECTS = ("profile", "contact_point", "contact_window", "consent", "note", "login", "customer")


class FilterForm(Form):
    customer = StringField(validators=[Optional(), Length(max=64)], filters=[lambda text: (text or "").strip()])
    actor = StringField(validators=[Optional(), AnyOf(ACTORS)])
    action = StringField(validators=[Optional(), AnyOf(SUBJECTS)])
    after = DateField(validators=[Optional()])
    before = DateField(validators=[Optional()])
