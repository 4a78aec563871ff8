"""Correcting fields that agents own or share: written into the CRM, from where the record learns of it."""

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from portal.cards.conflict import left_alone
from portal.cards.forms import refused
from portal.crm.embedded.card import Card
from portal.crm.embedded.edit import EditConflict, NothingToEdit, edit
from portal.desk.conflict import conflict_context
from portal.desk.forms import FieldsForm, before, fields_form
from portal.desk.saved import nothing_to_save
from portal.desk.views import PAGE, agent, context, open_card, way_back
from portal.errors import Invalid
from portal.services import services
from portal.web.drafts import typed_before
from portal.web.form_data import read_form
from portal.web.responses import fragment, page, redirect, url_for, wants_fragment


async def fields(request: Request) -> Response:
    """The fields of a section that are an agent's to correct."""
    return await (_save if request.method == "POST" else _open)(request)


async def _open(request: Request) -> Response:
    make = fields_form(services(request).catalogue, request.path_params["section"])
    seen = await open_card(request, again=True)
    form = make(await typed_before(request), data=dict(seen.record.profile))
    if not form.typed_before:
        form.before.data = before(form, seen.record.profile)
    return _show_form(request, seen, form)


async def _save(request: Request) -> Response:
    """Write what the agent changed, unless somebody else changed the same meanwhile."""
    at_hand = services(request)
    data = await read_form(request)
    form = fields_form(at_hand.catalogue, request.path_params["section"])(data)
    if not form.validate():
        return _show_form(request, await open_card(request, again=True), form, status=422)
    changes = {key: value for key, value in form.changes().items() if key not in left_alone(data)}
    if not changes:
        return await _show_saved(request, nothing=True)
    id, version = request.path_params["id"], form.seen_version
    try:
        outcome = await edit(at_hand.staff.database, at_hand.catalogue, id, version, changes, agent(request))
    except Invalid as error:
        return _show_form(request, await open_card(request, again=True), refused(form, error), status=422)
    if isinstance(outcome, EditConflict):
        return await _show_conflict(request, form, data, outcome)
    return await _show_saved(request, nothing=isinstance(outcome, NothingToEdit))


def _show_form(request: Request, seen: Card, form: FieldsForm, *, status: int = 200) -> Response:
    """The section while it is being changed: in its place for htmx, else on its page."""
    told = _told(request, seen) | {
        "editing": request.path_params["section"],
        "form": form,
        "seq": form.version_to_carry(seen.version),
        "has_errors": bool(form.errors),
    }
    if wants_fragment(request):
        return fragment(request, PAGE, "card_section", told, status=status)
    return page(request, PAGE, told, status=status)


async def _show_saved(request: Request, *, nothing: bool) -> Response:
    """The section again, and where it is now; without a script, the way back to the page, which says the same."""
    key = request.path_params["section"]
    if not wants_fragment(request):
        return redirect(request, way_back(request, f"section-{key}"))
    told = _told(request, await open_card(request, again=True)) | {"just_saved": f"section-{key}"}
    if nothing:
        told["saved"][f"section-{key}"] = nothing_to_save(key)
    return page(request, "desk/saved_fields.html", told)


async def _show_conflict(request: Request, form: FieldsForm, data: FormData, outcome: EditConflict) -> Response:
    """The three columns, in the section's place or as a page."""
    seen, catalogue = await open_card(request, again=True), services(request).catalogue
    id, key = request.path_params["id"], request.path_params["section"]
    told = {
        **_told(request, seen),
        **conflict_context(catalogue, seen, form, data, outcome, agent(request).id),
        "action": url_for(request, "desk_fields", id=id, section=key),
        "back": url_for(request, "desk_card", id=id),
        "card_id": f"section-{key}",
    }
    if wants_fragment(request):
        return fragment(request, "shared/conflict.html", "conflict", told, status=409)
    return page(request, "shared/conflict.html", told, status=409)


def _told(request: Request, seen: Card) -> dict[str, Any]:
    told = context(request, seen)
    section = next((s for s in told["sections"] if s.key == request.path_params["section"]), None)
    return told | {"section": section}
