"""Somebody else changed the same thing meanwhile: what the person saw, what it is now, what they typed."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from portal.audit.entry import Actor, ActorKind
from portal.audit.values import State, Value
from portal.cards.card import Card, drawing, use_zone_of
from portal.catalogue.model import Catalogue
from portal.catalogue.naming import path_name, value_name
from portal.catalogue.wording import name_of_actor, who
from portal.i18n import gettext as _
from portal.record.change import Conflicted
from portal.record.flat import flatten
from portal.record.read import StoredRecord
from portal.services import services
from portal.sync.waiting_words import came_from
from portal.web.form_data import posted
from portal.web.responses import fragment, page, url_for, wants_fragment

TEMPLATE = "shared/conflict.html"
CHOICE = "choice."
_NEW_EACH_TIME = ("form_token", "seq", "request_id")


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to choose, in words; `name` is the field whose answer it decides."""

    name: str
    label: str
    seen: str | None
    now: str | None
    typed: str | None


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    words: str | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """`who` was faster, and when, if that is known; `merged` is what overlaps with nothing; `hidden` carries along what
    was typed."""

    who: str
    at: datetime | None
    rows: list[Row]
    merged: Sequence[Line]
    hidden: list[tuple[str, str]]


def left_alone(data: Mapping[str, object]) -> frozenset[str]:
    """The fields for which the person chose, after a conflict, what the record says now."""
    return frozenset(name.removeprefix(CHOICE) for name in data if name.startswith(CHOICE) and data[name] == "now")


async def show_conflict(
    request: Request,
    card: Card,
    conflicted: Conflicted,
    typed: Mapping[str, Value],
    *,
    field_of: Callable[[str], str] | None = None,
) -> Response:
    """The three columns, in the card's place or as a page (409).

    Args:
        typed: everything that the form says, by path. What in it is as the person saw it stays as it is now.
        field_of: the form's field for a path; without it, the path's last part. Paths of the same field are one choice.
    """
    field_of = field_of or _last_part
    catalogue = services(request).catalogue
    state = flatten(conflicted.stored.record)
    rows: dict[str, Row] = {}
    for field in conflicted.fields:
        name = field_of(field.path)
        seen, now, mine = (
            value_name(catalogue, field.path, v, state) for v in (field.seen, field.current, field.typed)
        )
        rows.setdefault(name, Row(name, path_name(catalogue, field.path, state), seen, now, mine))
    merged = [_line(catalogue, path, value, state) for path, value in conflicted.merged.items()]
    untouched = {field_of(path) for path in typed if path not in conflicted.merged} - rows.keys()
    return await show_rows(request, card, conflicted, list(rows.values()), merged=merged, untouched=untouched)


async def show_rows(
    request: Request,
    card: Card,
    conflicted: Conflicted,
    rows: list[Row],
    *,
    merged: Sequence[Line] = (),
    untouched: Collection[str] = (),
) -> Response:
    """The same, for who knows better what there is to choose from. The fields in `untouched` were left as they were
    seen: what they say must not overwrite what somebody else has made of them since."""
    stored = conflicted.stored
    use_zone_of(stored.record)
    faster, at = _faster(stored, [field.path for field in conflicted.fields])
    context = {
        **drawing(request, card, stored.record),
        "conflict": Conflict(faster, at, rows, merged, await _carried(request, untouched)),
        "action": request.url.path,
        "back": url_for(request, "record"),
        "card_id": card.id,
    }
    if wants_fragment(request):
        return fragment(request, TEMPLATE, "conflict", context, status=409)
    return page(request, TEMPLATE, context, status=409)


def _line(catalogue: Catalogue, path: str, value: Value, state: State) -> Line:
    return Line(path_name(catalogue, path, state), value_name(catalogue, path, value, state))


def _faster(stored: StoredRecord, paths: Iterable[str]) -> tuple[str, datetime | None]:
    """Who changed one of the paths last, and when: as the record says, or its last changes where an item is gone."""
    paths = set(paths)
    for change in stored.recent:
        if paths & set(change.entry.paths):
            name = name_of_actor(change.entry)
            crm = came_from(change.entry.actor.via, stored.deliveries)
            return who(change.entry.actor, reader=ActorKind.CUSTOMER, name=name, crm=crm), change.entry.at
    return _by_provenance(stored, paths)


def _by_provenance(stored: StoredRecord, paths: Iterable[str]) -> tuple[str, datetime | None]:
    known = stored.record.provenance()
    said = [known[key] for path in paths for key in (path, path.rpartition("/")[0]) if key in known]
    last = max(said, key=lambda provenance: provenance.seq, default=None)
    if last is None:
        return _("Somebody"), None  # what is gone has no provenance, and its change is not among the last
    crm = came_from(last.via, stored.deliveries)
    return who(Actor(ActorKind(last.actor_kind), "", last.via), reader=ActorKind.CUSTOMER, crm=crm), last.at


async def _carried(request: Request, untouched: Collection[str]) -> list[tuple[str, str]]:
    data = await posted(request)
    typed = [(name, str(value)) for name, value in data.multi_items() if not name.startswith(CHOICE)]
    choices = [(f"{CHOICE}{name}", "now") for name in sorted({*untouched, *left_alone(data)})]
    return [pair for pair in typed if pair[0] not in _NEW_EACH_TIME] + choices


def _last_part(path: str) -> str:
    return path.rsplit("/", 1)[-1]
