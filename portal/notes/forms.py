"""The form of a note."""

from collections.abc import Callable
from functools import cache, lru_cache

from markupsafe import Markup
from wtforms import TextAreaField
from wtforms.fields import Field
from wtforms.validators import DataRequired, Length

from portal.catalogue.check import MAX_NOTE
from portal.i18n import current_language
from portal.i18n import gettext as _
from portal.web.forms import Form, keepable, lines


class NoteForm(Form):
    """What somebody wants to tell."""

    body: Field


def note_form(label: str) -> type[NoteForm]:
    """The form, its words in the current language."""
    return _made(label, current_language())


def blank_note() -> NoteForm:
    """The form for one more note as everybody has it who has typed nothing: to be drawn, and not to be filled."""
    return _blank(current_language())


@cache
def _blank(_language: str) -> NoteForm:
    form = note_form(_("Add a note"))()
    form.body.widget = _DrawnOnce(form.body.widget)
    return form


class _DrawnOnce:
    """Draws a field that nobody fills: with the same attributes it is always the same."""

    def __init__(self, widget: Callable[..., Markup]) -> None:
        self._drawn = lru_cache(maxsize=8)(widget)

    def __call__(self, field: Field, **attributes: object) -> Markup:
        return self._drawn(field, **attributes)


@cache  # a form is a class, and dear to make: once for each language
def _made(label: str, _language: str) -> type[NoteForm]:
    too_long = _("This is longer than %(max)d characters. Shorten it, or write a second note.") % {"max": MAX_NOTE}
    body = TextAreaField(
        label,
        filters=[lines],
        validators=[
            DataRequired(_("Write something first.")),
            keepable(several_lines=True),
            Length(max=MAX_NOTE, message=too_long),
        ],
        render_kw={"rows": 3, "maxlength": MAX_NOTE},
    )
    return type("NoteForm", (NoteForm,), {"body": body})
