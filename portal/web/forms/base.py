"""The form that all others are made from."""

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any
from uuid import UUID

import wtforms
from wtforms.fields import HiddenField, SelectMultipleField
from wtforms.i18n import get_translations

from portal.i18n import current_language
from portal.i18n import gettext as _
from portal.web.form_data import TypedBefore

CARRIED = frozenset({"form_token", "seq", "request_id", "action"})
"""Posted with any form: its token, the version it was made from, its id, and which of its buttons was used."""

MAX_SEQ = 2**53


class Form(wtforms.Form):
    """Speaks the person's language, knows which version of the record it was made from, and takes no field that it does
    not have. It checks the shape of what was typed, and has no side effects."""

    class Meta(wtforms.meta.DefaultMeta):
        def get_translations(self, form: wtforms.form.BaseForm) -> Any:
            return _translations(current_language())

    seen = HiddenField(name="seq")
    request_id = HiddenField()

    def process(self, formdata: Any = None, *args: Any, **kwargs: Any) -> None:
        self.typed_before = formdata if isinstance(formdata, TypedBefore) else None
        self._posted = Counter(name for name, _value in formdata.multi_items()) if formdata else Counter[str]()
        super().process(formdata, *args, **kwargs)

    def validate(self, extra_validators: Any = None) -> bool:
        fields_good = super().validate(extra_validators)
        self.form_errors = list(self._misfits())
        return fields_good and not self.form_errors

    @property
    def request(self) -> UUID:
        """The id that makes sending this form twice the same as sending it once."""
        return UUID(self.request_id.data or "")

    @property
    def seen_version(self) -> int:
        """The version of the record that the form was made from."""
        return int(self.seen.data or "")

    def version_to_carry(self, now: int) -> int | str:
        """What `seq` says when the form is drawn: the version of `now` in a new form; while somebody mends what was
        wrong in one, still the version that it was first made from, and none if there was none."""
        if not self._posted:
            return now
        return self.seen_version if _is_version(self.seen.data or "") else ""

    def _misfits(self) -> Iterable[str]:
        if unknown := self._posted.keys() - self._own_names() - CARRIED:
            yield _("This form has no field {names}. Nothing was saved.").format(names=_listed(unknown))
        if repeated := {name for name, times in self._posted.items() if times > 1} - self._with_several_values():
            yield _("This form says {names} more than once. Nothing was saved.").format(names=_listed(repeated))
        seen, request_id = self.seen.data, self.request_id.data
        if not seen or not request_id:
            # Without the version, whatever somebody else has saved meanwhile would be overwritten unseen.
            yield _("This form does not say what it was made from. Nothing was saved. Open the page again.")
        elif not _is_version(seen) or not _is_uuid(request_id):
            yield _("Something that this form carries along was damaged. Open the page again.")

    def _own_names(self) -> frozenset[str]:
        names = [field.name for field in self]
        # An answer to a conflict says for each field which version shall stand.
        return frozenset([*names, *(f"choice.{name}" for name in names)])

    def _with_several_values(self) -> frozenset[str]:
        return frozenset(field.name for field in self if isinstance(field, SelectMultipleField))


@cache
def _translations(language: str) -> Any:
    """WTForms' own words. It would look for the file again for each form."""
    return get_translations([language])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(name[:40] for name in names)[:5])


def _is_version(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 16 and int(text) <= MAX_SEQ


def _is_uuid(text: str) -> bool:
    try:
        return len(text) == 36 and bool(UUID(text))
    except ValueError:
        return False
