"""A customer's notes: write one, change it, take it back."""

from uuid import UUID

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from portal.cards.answer import show_saved
from portal.cards.card import customer_id, open_record, show_form
from portal.cards.conflict import left_alone, show_conflict
from portal.cards.forms import carried, refused
from portal.errors import Invalid, PortalError
from portal.i18n import gettext as _
from portal.notes.actions import add_note, change_note, find, remove_note
from portal.notes.card import notes_card
from portal.notes.forms import NoteForm, note_form
from portal.record.change import Conflicted, Unchanged
from portal.services import services
from portal.web.drafts import typed_before
from portal.web.form_data import read_form
from portal.web.intention import intention


async def notes(request: Request) -> Response:
    """The notes by themselves, or one more."""
    if request.method == "POST":
        return await _add(request)
    stored = await open_record(request)
    form = note_form(_("Add a note"))(await typed_before(request))
    return show_form(request, notes_card(stored.record, new_form=form), stored, form)


async def one(request: Request) -> Response:
    """The form of a note, or what its buttons do."""
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


async def _add(request: Request) -> Response:
    at_hand = services(request)
    form = note_form(_("Add a note"))(await read_form(request))
    if form.validate():
        intent = intention(request, form, "note:added")
        limit = at_hand.settings.max_notes
        try:
            outcome = await add_note(at_hand.customers, customer_id(request), intent, form.body.data, limit=limit)
            assert not isinstance(outcome, Conflicted)  # no other intention writes a note with this id
            return show_saved(request, notes_card(outcome.stored.record), outcome)
        except Invalid as error:
            refused(form, error)
    stored = await open_record(request)
    return show_form(request, notes_card(stored.record, new_form=form), stored, form, status=422)


async def _edit(request: Request, id: UUID) -> Response:
    stored = await open_record(request)
    form = _change_form()(await typed_before(request), data={"body": find(stored.record, id).body})
    return show_form(request, notes_card(stored.record, editing=str(id)), stored, form)


async def _save(request: Request, id: UUID, data: FormData) -> Response:
    form = _change_form()(data)
    if not form.validate():
        stored = await open_record(request)
        find(stored.record, id)
        return show_form(request, notes_card(stored.record, editing=str(id)), stored, form, status=422)
    if "body" in left_alone(data):
        return await _untouched(request)
    intent = intention(request, form, "note:changed")
    outcome = await change_note(services(request).customers, customer_id(request), intent, id, form.body.data)
    card = notes_card(outcome.stored.record)
    if isinstance(outcome, Conflicted):
        return await show_conflict(request, card, outcome, {})
    return show_saved(request, card, outcome)


async def _remove(request: Request, id: UUID, data: FormData) -> Response:
    if "body" in left_alone(data):
        return await _untouched(request)
    intent = intention(request, carried(data), "note:removed")
    outcome = await remove_note(services(request).customers, customer_id(request), intent, id)
    card = notes_card(outcome.stored.record)
    if isinstance(outcome, Conflicted):
        return await show_conflict(request, card, outcome, {}, field_of=lambda _path: "body")
    return show_saved(request, card, outcome)


async def _untouched(request: Request) -> Response:
    stored = await open_record(request)
    return show_saved(request, notes_card(stored.record), Unchanged(stored))


def _change_form() -> type[NoteForm]:
    return note_form(_("Your note"))
