"""What becomes of typed text before anybody checks it, and which of it cannot be kept."""

import unicodedata
from collections.abc import Callable

from wtforms.fields import Field
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.catalogue.check import JOINERS, is_unkeepable, is_visible
from portal.i18n import gettext as _

_AT_ENDS = JOINERS + "".join(c for c in map(chr, range(0x3001)) if c.isspace())
"""What a text neither begins nor ends with. U+3000 is the last space there is."""


def line(text: str | None) -> str | None:
    """One line as it is kept: composed (Unicode NFC), nothing at its ends; where nothing is to be seen, None."""
    if text is None or not is_visible(text):
        return None
    return unicodedata.normalize("NFC", text).strip(_AT_ENDS)


def lines(text: str | None) -> str | None:
    """Several lines as they are kept: the same, with the line ends of Unix, and none of them trailing spaces."""
    if text is None:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return line("\n".join(part.rstrip() for part in text.split("\n")))


def keepable(*, several_lines: bool = False) -> Callable[[BaseForm, Field], None]:
    """A validator that refuses characters that nobody types on purpose."""

    def check(_form: BaseForm, field: Field) -> None:
        if field.data is not None and is_unkeepable(field.data, lines=several_lines):
            raise ValidationError(_("This has characters that cannot be kept. Type it anew instead of copying it."))

    return check
