"""The form that all others are made from."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import wtforms
from wtforms.fields import HiddenField
from wtforms.i18n import get_translations

from portal import clock
from portal.i18n import current_language
from portal.i18n import gettext as _

CARRIED = frozenset({"form_token", "seq", "request_id", "action"})
"""Posted with any form: its token, the version it was made from, its id, and which of its buttons was used."""

MAX_SEQ = 2**53


class Form(wtforms.Form):
    """Speaks the person's language, knows which version of the record it was made from, and takes no field that it does
    not have. It checks the shape of what was typed, and has no side effects."""

    class Meta(wtforms.meta.DefaultMeta):
        def get_translations(self, form: wtforms.form.BaseForm) -> Any:
            return get_translations([current_language()])

    seen = HiddenField(name="seq")
    request_id = HiddenField()

    def process(self, formdata: Any = None, *args: Any, **kwargs: Any) -> None:
        self._posted = frozenset(formdata or ())
        super().process(formdata, *args, **kwargs)

    def validate(self, extra_validators: Any = None) -> bool:
        fields_good = super().validate(extra_validators)
        self.form_errors = list(self._misfits())
        return fields_good and not self.form_errors

    @property
    def request(self) -> UUID:
        """The id that makes sending this form twice the same as sending it once."""
        return _uuid(self.request_id.data) or clock.uuid7()

    @property
    def seen_version(self) -> int | None:
        """The version of the record that the form was made from, if it says one."""
        return int(self.seen.data) if self.seen.data else None

    def _misfits(self) -> Iterable[str]:
        if unknown := self._posted - self._own_names() - CARRIED:
            names = ", ".join(sorted(name[:40] for name in unknown)[:5])
            yield _("This form has no field {names}. Nothing was saved.").format(names=names)
        seen, request_id = self.seen.data, self.request_id.data
        if (seen and not _is_version(seen)) or (request_id and _uuid(request_id) is None):
            yield _("Something that this form carries along was damaged. Open the page again.")

    def _own_names(self) -> frozenset[str]:
        names = [field.name for field in self]
        # An answer to a conflict says for each field which version shall stand.
        return frozenset([*names, *(f"choice.{name}" for name in names)])


def _is_version(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text[:20]) <= MAX_SEQ


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text and len(text) == 36 else None
    except ValueError:
        return None
