"""The times at which contact is welcome, or is not: add one, change it, remove it."""

from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from portal.audit.values import Value
from portal.cards.answer import show_saved
from portal.cards.card import Card, customer_id, open_record, show_form
from portal.cards.conflict import Row, left_alone, show_conflict, show_rows
from portal.cards.forms import carried, refused
from portal.catalogue.told import window_name
from portal.contact.may_contact import person_zone
from portal.contact_windows.actions import (
    add_contact_window,
    change_contact_window,
    find,
    remove_contact_window,
)
from portal.contact_windows.card import windows_card
from portal.contact_windows.forms import contact_window_form, typed
from portal.errors import Invalid, PortalError
from portal.i18n import gettext as _
from portal.record.change import Changed, Conflicted, Duplicate, Unchanged
from portal.record.flat import encode
from portal.record.models import Record
from portal.services import services
from portal.web.drafts import typed_before
from portal.web.form_data import read_form
from portal.web.intention import intention


async def new(request: Request) -> Response:
    """The form for one more, or what becomes of it."""
    form_type = contact_window_form(services(request).catalogue)
    if request.method != "POST":
        stored = await open_record(request)
        usual = {"weekdays": [1, 2, 3, 4, 5], "time_zone": person_zone(stored.record).key}
        form = form_type(await typed_before(request), data=usual)
        return show_form(request, _card(request, stored.record, editing="new"), stored, form)
    form = form_type(await read_form(request))
    if form.validate():
        try:
            outcome = await add_contact_window(
                services(request).customers,
                customer_id(request),
                intention(request, form, "contact_window:added"),
                form.values(),
                limit=services(request).settings.max_contact_windows,
            )
            assert not isinstance(outcome, Conflicted)  # no other intention writes a window with this id
            return _saved(request, outcome)
        except Invalid as error:
            refused(form, error)
    stored = await open_record(request)
    return show_form(request, _card(request, stored.record, editing="new"), stored, form, status=422)


async def one(request: Request) -> Response:
    """The form of one of them, or what its buttons do."""
    id: UUID = request.path_params["id"]
    if request.method != "POST":
        return await _edit(request, id)
    data = await read_form(request)
    match data.get("action"):
        case "save":
            return await _save(request, id, data)
        case "remove":
            return await _remove(request, id, data)
    raise PortalError(_("This form has no such button. Nothing was saved."))


async def _edit(request: Request, id: UUID) -> Response:
    stored = await open_record(request)
    form_type = contact_window_form(services(request).catalogue)
    form = form_type(await typed_before(request), data=typed(find(stored.record, id)))
    return show_form(request, _card(request, stored.record, editing=str(id)), stored, form)


async def _save(request: Request, id: UUID, data: FormData) -> Response:
    form = contact_window_form(services(request).catalogue)(data)
    if not form.validate():
        stored = await open_record(request)
        find(stored.record, id)
        return show_form(request, _card(request, stored.record, editing=str(id)), stored, form, status=422)
    kept = left_alone(data)
    values = {name: value for name, value in form.values().items() if name not in kept}
    intent = intention(request, form, "contact_window:changed")
    outcome = await change_contact_window(services(request).customers, customer_id(request), intent, id, values)
    if isinstance(outcome, Conflicted):
        paths: dict[str, Value] = {f"contact_windows/{id}/{name}": value for name, value in values.items()}
        return await show_conflict(request, _card(request, outcome.stored.record), outcome, paths)
    return _saved(request, outcome)


async def _remove(request: Request, id: UUID, data: FormData) -> Response:
    if "weekdays" in left_alone(data):
        return _saved(request, Unchanged(await open_record(request)))
    intent = intention(request, carried(data), "contact_window:removed")
    outcome = await remove_contact_window(services(request).customers, customer_id(request), intent, id)
    if isinstance(outcome, Conflicted):
        return await show_rows(request, _card(request, outcome.stored.record), outcome, [_removal(outcome, id)])
    return _saved(request, outcome)


def _card(request: Request, record: Record, **content: Any) -> Card:
    return windows_card(services(request).catalogue, record, **content)


def _saved(request: Request, outcome: Changed | Unchanged | Duplicate) -> Response:
    return show_saved(request, _card(request, outcome.stored.record), outcome)


def _removal(conflicted: Conflicted, id: UUID) -> Row:
    window = find(conflicted.stored.record, id)
    now = {name: encode(getattr(window, name)) for name in ("weekdays", "start", "end")}
    seen = now | {field.path.rsplit("/", 1)[-1]: field.seen for field in conflicted.fields}
    was, still = (window_name(side["weekdays"], side["start"], side["end"]) for side in (seen, now))
    return Row("weekdays", _("Contact window"), was, still, _("removed"))
