"""What becomes of typed text before anybody checks it, and which of it cannot be kept."""

import unicodedata
from collections.abc import Callable

from wtforms.fields import Field
from wtforms.form import BaseForm
from wtforms.validators import ValidationError

from portal.i18n import gettext as _

_UNKEEPABLE = ("Cc", "Cs", "Co", "Cn")
"""Control characters, lone surrogates, and what has no agreed meaning."""


def line(text: str | None) -> str | None:
    """One line as it is kept: composed (Unicode NFC), nothing at its ends; nothing at all is None."""
    return unicodedata.normalize("NFC", text).strip() or None if text is not None else None


def lines(text: str | None) -> str | None:
    """Several lines as they are kept: the same, with the line ends of Unix, and none of them trailing spaces."""
    if text is None:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return line("\n".join(part.rstrip() for part in text.split("\n")))


def unkeepable(text: str, *, several_lines: bool = False) -> bool:
    """Whether it has characters that nobody types on purpose."""
    allowed = "\n\t" if several_lines else ""
    return any(unicodedata.category(c) in _UNKEEPABLE and c not in allowed for c in text)


def keepable(*, several_lines: bool = False) -> Callable[[BaseForm, Field], None]:
    """A validator that refuses such characters."""

    def check(_form: BaseForm, field: Field) -> None:
        if field.data is not None and unkeepable(field.data, several_lines=several_lines):
            raise ValidationError(_("This has characters that cannot be kept. Type it anew instead of copying it."))

    return check
