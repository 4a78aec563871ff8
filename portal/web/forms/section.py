"""The form of a section of the profile, built from the catalogue."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from portal.audit.entry import ActorKind
from portal.audit.values import Value
from portal.catalogue.model import AgentAccess, Catalogue, CustomerAccess, Field, Kind
from portal.errors import Forbidden, NotFound
from portal.i18n import current_language
from portal.i18n import gettext as _
from portal.web.forms.base import Form
from portal.web.forms.fields import form_field


class SectionForm(Form):
    """One section's fields. Begin with `data=record.profile`, or with what was posted."""

    catalogue: Catalogue
    section_fields: tuple[Field, ...] = ()

    def values(self, profile: Mapping[str, Value]) -> dict[str, Value]:
        """What is to stand at the fields' paths, once the form is valid. `profile` is what stands there now."""
        return {
            field.path: self._value(field, profile.get(field.key))
            for field in self.section_fields
            # A field that was not sent at all is not meant; tick boxes that are empty are never sent.
            if field.key in self._posted or field.kind in (Kind.BOOLEAN, Kind.CHOICES)
        }

    def _value(self, field: Field, now: Value) -> Value:
        value: Any = self[field.key].data
        if isinstance(value, date):
            return value.isoformat()
        # Nothing was ever said, and nothing is ticked: that is no "no", unless one has to say.
        silent = field.kind is Kind.BOOLEAN and value is False and now is None and not field.required
        return None if silent else value


def section_form(catalogue: Catalogue, section: str, who: ActorKind = ActorKind.CUSTOMER) -> type[SectionForm]:
    """The form with which somebody changes a section: the fields that this kind of person may change, in the current
    language.

    Raises:
        NotFound: the catalogue has no such section.
        Forbidden: nothing in it is theirs to change.
    """
    known = _made.get((section, who, current_language()))
    if known is None or known.catalogue is not catalogue:
        known = _made[section, who, current_language()] = _make(catalogue, section, who)
    return known


_made: dict[tuple[str, ActorKind, str], type[SectionForm]] = {}
"""A form is a class, and dear to make: once for each language. A process has one catalogue."""


def _make(catalogue: Catalogue, section: str, who: ActorKind) -> type[SectionForm]:
    if section not in catalogue.sections:
        raise NotFound(_("There is no such section."))
    fields = tuple(field for field in catalogue.section_fields(section) if _may_change(field, who))
    if not fields:
        raise Forbidden(_("Nothing in this section can be changed here."))
    attributes = {field.key: form_field(field) for field in fields}
    return type(
        f"{section.title()}Form", (SectionForm,), {"catalogue": catalogue, "section_fields": fields, **attributes}
    )


def _may_change(field: Field, who: ActorKind) -> bool:
    if who is ActorKind.CUSTOMER:
        return field.customer is CustomerAccess.EDIT
    return who is ActorKind.AGENT and field.agent is AgentAccess.EDIT
