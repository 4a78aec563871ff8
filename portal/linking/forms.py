"""The code of an invitation, as somebody types it."""

from wtforms import StringField
from wtforms.fields import Field
from wtforms.validators import DataRequired, ValidationError

from portal.i18n import gettext as _
from portal.identity import codes
from portal.web.forms import Form, line


class CodeForm(Form):
    """Once it is valid, `code.data` is the code in the form in which it was made."""

    code: Field


def code_form() -> type[CodeForm]:
    """The form, its words in the current language."""
    wrong = _("A letter of this code is wrong or missing. Compare it with your invitation.")

    def well_formed(_form: Form, field: Field) -> None:
        code = codes.read(field.data)
        if code is None:
            raise ValidationError(wrong)
        field.data = code

    code = StringField(
        _("Invitation code"),
        description=_("28 letters and digits. Capitals, hyphens and spaces do not matter."),
        filters=[line],
        validators=[DataRequired(_("Fill this in.")), well_formed],
        render_kw={
            "autocomplete": "one-time-code",
            "autocapitalize": "characters",
            "spellcheck": "false",
            "maxlength": codes.LONGEST_TYPED,
            "data-from-fragment": "",
        },
    )
    return type("CodeForm", (CodeForm,), {"code": code})
