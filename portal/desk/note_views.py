"""Answering what a customer told: the portal's own object, written into the record at once."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from portal.crm.embedded.card import Card
from portal.desk.actions import answer_note
from portal.desk.forms import answer_form
from portal.desk.saved import saved_answer
from portal.desk.views import PAGE, agent, context, open_card, way_back
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.notes.forms import NoteForm
from portal.record.change import Changed, Conflicted, Duplicate, Intention, Unchanged
from portal.record.models import Note
from portal.services import services
from portal.web.drafts import typed_before
from portal.web.form_data import read_form
from portal.web.forms import Form
from portal.web.intention import intention
from portal.web.responses import fragment, page, redirect, wants_fragment


async def answer(request: Request) -> Response:
    """The answer to a note."""
    return await (_send if request.method == "POST" else _open)(request)


async def _open(request: Request) -> Response:
    form = answer_form()(await typed_before(request))
    return _show_form(request, await open_card(request, again=True), form)


async def _send(request: Request) -> Response:
    """Keep the answer in the record; the CRM gets it with the next push."""
    form = answer_form()(await read_form(request))
    if not form.validate():
        return _show_form(request, await open_card(request, again=True), form, status=422)
    seen = await open_card(request, again=True)
    if seen.customer_id is None:
        raise NotFound(_("There is no such note. The customer may have removed it."))
    outcome = await answer_note(
        services(request).staff,
        seen.customer_id,
        _intention(request, form),
        request.path_params["note"],
        str(form.body.data),
        agent(request).name,
    )
    assert not isinstance(outcome, Conflicted | Unchanged)  # a new note overlaps with nothing
    return _show_saved(request, seen, outcome)


def _intention(request: Request, form: Form) -> Intention:
    """The form's version is the CRM's and says nothing about the record's. The agent's name is kept as evidence."""
    wanted = intention(request, form, "note:answered")
    personal = {**wanted.evidence.personal, "name": agent(request).name}
    return replace(wanted, seen=None, evidence=replace(wanted.evidence, personal=personal))


def _show_form(request: Request, seen: Card, form: NoteForm, *, status: int = 200) -> Response:
    """The notes with the form open: in their place for htmx, else on the page."""
    note = request.path_params["note"]
    if not any(known.id == note for known in seen.record.notes):
        raise NotFound(_("There is no such note. The customer may have removed it."))
    more = {"answering": note, "form": form, "has_errors": bool(form.errors)}
    return _show(request, context(request, seen) | more, status)


def _show_saved(request: Request, seen: Card, outcome: Changed | Duplicate) -> Response:
    """The notes with the answer among them; without a script, the way back to the page."""
    seq = outcome.entry.seq if isinstance(outcome, Changed) else outcome.seq
    if not wants_fragment(request):
        return redirect(request, way_back(request, "notes", answered=seq))
    told = context(request, seen, pending=_not_there_yet(outcome.stored.record.notes, seen))
    told["saved"]["notes"] = saved_answer(seen, seq)
    return _show(request, told | {"just_saved": "notes"}, 200)


def _not_there_yet(notes: Iterable[Note], seen: Card) -> list[Note]:
    """The agents' notes that are in the record and not in the CRM."""
    there = {note.id for note in seen.record.notes}
    return [note for note in notes if note.author_kind == "agent" and note.id not in there]


def _show(request: Request, told: dict[str, Any], status: int) -> Response:
    if wants_fragment(request):
        return fragment(request, PAGE, "card_notes", told, status=status)
    return page(request, PAGE, told, status=status)
