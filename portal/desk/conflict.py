"""Somebody else edited the same field of the CRM meanwhile: what the agent saw, what it is now, what they typed."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData

from portal.audit.values import Value
from portal.cards.conflict import CHOICE, Conflict, Line, Row
from portal.catalogue.model import Catalogue
from portal.catalogue.told import told, words
from portal.crm.embedded.card import Card
from portal.crm.embedded.edit import EditConflict, EditedMeanwhile
from portal.desk.forms import FieldsForm
from portal.desk.said import field_said
from portal.i18n import gettext as _

NEW_EACH_TIME = ("form_token", "seq", "request_id", "before")


def conflict_context(
    catalogue: Catalogue, card: Card, form: FieldsForm, data: FormData, found: EditConflict, agent: UUID
) -> dict[str, Any]:
    """The context of `shared/conflict.html`, but for its addresses."""
    seen, changes = form.seen_values(), form.changes()
    overlapping = {field.key for field in found.fields}
    merged = {key: value for key, value in changes.items() if key not in overlapping}
    who, at = _faster(catalogue, card, found.fields, agent)
    now = {field.key: field.current for field in found.fields}
    return {
        "conflict": Conflict(
            who=who,
            at=at,
            rows=[_row(catalogue, key, seen.get(key), value, changes[key]) for key, value in now.items()],
            merged=[Line(_label(catalogue, key), _words(catalogue, key, value)) for key, value in merged.items()],
            hidden=[*_typed(data), ("before", json.dumps({**seen, **now}, ensure_ascii=False))],
        ),
        "seq": found.version,
    }


def _faster(
    catalogue: Catalogue, card: Card, fields: Iterable[EditedMeanwhile], agent: UUID
) -> tuple[str, datetime | None]:
    """Who changed one of the fields last, and when, if that is known."""
    said = [found for each in fields if (found := field_said(card, catalogue.fields[each.key], agent))]
    last = max(said, key=lambda each: each.at, default=None)
    return (last.who, last.at) if last else (_("Somebody"), None)


def _row(catalogue: Catalogue, key: str, seen: Value, now: Value, typed: Value) -> Row:
    return Row(key, _label(catalogue, key), *(_words(catalogue, key, value) for value in (seen, now, typed)))


def _label(catalogue: Catalogue, key: str) -> str:
    return words(catalogue.fields[key].labels)


def _words(catalogue: Catalogue, key: str, value: Value) -> str | None:
    return told(value, catalogue.fields[key]) or None


def _typed(data: FormData) -> list[tuple[str, str]]:
    """What was typed goes along, so that nothing of it is lost."""
    return [
        (name, str(value))
        for name, value in data.multi_items()
        if name not in NEW_EACH_TIME and not name.startswith(CHOICE)
    ]
