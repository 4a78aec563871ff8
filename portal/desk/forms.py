"""What agents type: corrections of the fields that they own or share, and answers to notes."""

import json
from collections.abc import Mapping
from typing import Any

from wtforms.fields import HiddenField

from portal.audit.entry import ActorKind
from portal.audit.values import Value
from portal.catalogue.model import Catalogue
from portal.i18n import gettext as _
from portal.notes.forms import NoteForm, note_form
from portal.web.forms import SectionForm, section_form

CRM = "embedded"
"""What the catalogue calls the CRM that the desk edits."""


class FieldsForm(SectionForm):
    """A section's fields as an agent edits them. `before` carries along what they said when the form was made: only
    what the agent changed is asked for, and a conflict can say what was seen."""

    before = HiddenField()

    def changes(self) -> dict[str, Value]:
        """What the agent changed, by the catalogue's keys, once the form is valid."""
        before = self.seen_values()
        typed = {path.removeprefix("profile/"): value for path, value in self.values(before).items()}
        return {key: value for key, value in typed.items() if value != before.get(key)}

    def seen_values(self) -> dict[str, Value]:
        """What stood in the fields when the form was made. Whoever tampers with it deceives nobody but themselves."""
        try:
            seen = json.loads(self.before.data or "{}")
        except ValueError:
            return {}
        return {f.key: seen[f.key] for f in self.section_fields if f.key in seen} if isinstance(seen, dict) else {}


def fields_form(catalogue: Catalogue, section: str) -> type[FieldsForm]:
    """The form for a section: the fields that agents may edit and that the CRM has.

    Raises:
        NotFound: the catalogue has no such section.
        Forbidden: nothing in it is an agent's to change.
    """
    made = section_form(catalogue, section, ActorKind.AGENT)
    kept = tuple(field for field in made.section_fields if CRM in field.crm)
    dropped = dict.fromkeys(field.key for field in made.section_fields if field not in kept)
    attributes: dict[str, Any] = {"section_fields": kept, **dropped}
    return type(made.__name__, (made, FieldsForm), attributes)


def editable(catalogue: Catalogue, section: str) -> bool:
    """Whether an agent can change anything in a section."""
    fields = catalogue.section_fields(section)
    return any(catalogue.may_change(ActorKind.AGENT, field.path) and CRM in field.crm for field in fields)


def before(form: FieldsForm, profile: Mapping[str, Value]) -> str:
    """What `before` carries: the values that the form is made from."""
    return json.dumps({f.key: profile[f.key] for f in form.section_fields if f.key in profile}, ensure_ascii=False)


def answer_form() -> type[NoteForm]:
    """The form of an answer to a customer's note."""
    return note_form(_("Your answer"))
