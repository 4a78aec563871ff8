"""What the forms of all cards have in common."""

from typing import TypeVar

from starlette.datastructures import FormData

from portal.errors import Invalid, PortalError
from portal.web.forms import Form
from portal.web.forms.base import CARRIED


def carried(data: FormData) -> Form:
    """What a form carries along, and nothing that was typed: for buttons such as Remove.

    Raises:
        PortalError: it was damaged.
    """
    form = Form(FormData([(name, value) for name, value in data.multi_items() if name in CARRIED]))
    if not form.validate():
        raise PortalError(str(form.form_errors[0]))
    return form


AForm = TypeVar("AForm", bound=Form)


def refused(form: AForm, error: Invalid) -> AForm:
    """The form, saying why what was typed in it cannot be kept."""
    elsewhere = True
    for name, why in error.errors.items():
        if name in form:
            form[name].errors = [*form[name].errors, *why]
            elsewhere = False
    if elsewhere:
        form.form_errors = [*form.form_errors, error.message]
    return form
