"""An agent edits a contact in the built-in CRM. The record learns of it by the feed, with the agent as the actor."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from psycopg.types.json import Jsonb

from portal.audit.entry import ActorKind
from portal.audit.values import Value
from portal.catalogue.check import field_problem, in_words
from portal.catalogue.model import Catalogue
from portal.crm.embedded.card import NAME, Viewer, editor
from portal.crm.port import Editor
from portal.db.database import Database
from portal.errors import Forbidden, Invalid, NotFound
from portal.i18n import gettext as _

EDIT = "SELECT * FROM crm.contact_edit_v1(%s, %s, %s, %s, %s)"


@dataclass(frozen=True, slots=True)
class Edited:
    """Kept, as this version of the contact."""

    version: int


@dataclass(frozen=True, slots=True)
class NothingToEdit:
    """The contact says all this already."""

    version: int


@dataclass(frozen=True, slots=True)
class EditedMeanwhile:
    """A field that got another value since the agent's form was made. `by` is None if it came from the portal."""

    key: str
    current: Value
    by: Editor | None


@dataclass(frozen=True, slots=True)
class EditConflict:
    """Somebody changed the same fields meanwhile; nothing was written, the agent decides field by field."""

    version: int
    fields: tuple[EditedMeanwhile, ...]


EditOutcome: TypeAlias = Edited | NothingToEdit | EditConflict


async def edit(
    database: Database, catalogue: Catalogue, id: UUID, version: int, changes: Mapping[str, Value], user: Viewer
) -> EditOutcome:
    """Edit fields (by the catalogue's keys) of the contact, or of the customer, of that id, as seen at `version`.

    Raises:
        Forbidden: the catalogue does not let agents edit one of them, or this CRM does not have it.
        Invalid: a value cannot be kept; `errors` is by key.
        NotFound: there is no such contact.
    """
    names = _names(catalogue, changes)
    row = await database.fetch_one(
        EDIT, [id, version, Jsonb({names[key]: value for key, value in changes.items()}), user.id, user.name]
    )
    assert row is not None
    match row["outcome"]:
        case "edited":
            return Edited(row["version"])
        case "unchanged":
            return NothingToEdit(row["version"])
        case "conflict":
            return EditConflict(row["version"], tuple(_meanwhile(row["conflicts"], names)))
    raise NotFound(_("There is no such customer."))


def _meanwhile(conflicts: Mapping[str, Any], names: Mapping[str, str]) -> Iterable[EditedMeanwhile]:
    for key, name in names.items():
        if conflict := conflicts.get(name):
            yield EditedMeanwhile(key, conflict["current"], editor(conflict["by"]) if conflict["by"] else None)


def _names(catalogue: Catalogue, changes: Mapping[str, Value]) -> dict[str, str]:
    """What the CRM calls the fields, if an agent may edit them to these values."""
    fields = {key: catalogue.fields.get(key) for key in changes}
    names = {key: field.crm[NAME].name for key, field in fields.items() if field and NAME in field.crm}
    if names.keys() != changes.keys() or not all(
        catalogue.may_change(ActorKind.AGENT, f"profile/{key}") for key in changes
    ):
        raise Forbidden(_("This cannot be changed here."))
    found = {key: field_problem(field, changes[key]) for key, field in fields.items() if field}
    if errors := {key: [in_words(why)] for key, why in found.items() if why}:
        raise Invalid(_("Some of this cannot be kept. Nothing was saved."), errors)
    return names
