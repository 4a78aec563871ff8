"""The ways to reach a customer: add one, change it, put it before another, remove it."""

from dataclasses import replace
from uuid import UUID

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from portal.audit.values import Value
from portal.cards.answer import show_saved
from portal.cards.card import customer_id, open_record, show_form
from portal.cards.conflict import Row, left_alone, show_conflict, show_rows
from portal.cards.forms import carried, refused
from portal.catalogue.told import address, system_name
from portal.contact_points.actions import (
    Reach,
    add_contact_point,
    change_contact_point,
    find,
    rank_contact_point,
    remove_contact_point,
)
from portal.contact_points.card import points_card
from portal.contact_points.forms import ContactPointForm, contact_point_form
from portal.errors import Invalid, NotFound, PortalError
from portal.i18n import gettext as _
from portal.record.addresses import home_country
from portal.record.change import Conflicted, Unchanged
from portal.record.models import ContactPoint, System
from portal.record.read import StoredRecord
from portal.services import services
from portal.web.drafts import typed_before
from portal.web.form_data import posted, read_form
from portal.web.intention import intention

RANKING = ("up", "down")
"""The buttons that change a contact point's place alone."""


def adds_email(request: Request) -> bool:
    """Whether one more e-mail address is asked for, which wants a fresh login: invitations and warnings go there."""
    return _system(request) is System.EMAIL


async def changes_email(request: Request) -> bool:
    """Whether the contact point is an e-mail address, and more than its place may change."""
    if request.method == "POST" and (await posted(request)).get("action") in RANKING:
        return False
    points = (await open_record(request)).record.contact_points
    return any(point.id == request.path_params["id"] and point.system is System.EMAIL for point in points)


async def new(request: Request) -> Response:
    """The form for one more, of the kind that the address names; or what becomes of it."""
    system = _system(request)
    card = points_card(editing="new", system=system)
    stored = await open_record(request)
    country = home_country(services(request).catalogue, stored.record)
    form_type = contact_point_form(system, country=country)
    if request.method != "POST":
        return show_form(request, card, stored, form_type(await typed_before(request)))
    form = form_type(await read_form(request))
    if not form.validate():
        return show_form(request, card, stored, form, status=422)
    try:
        outcome = await add_contact_point(
            services(request).customers,
            customer_id(request),
            intention(request, form, "contact_point:added"),
            Reach(system, form.value.data, form.use.data),
            limit=services(request).settings.max_contact_points,
        )
    except Invalid as error:
        return show_form(request, card, stored, refused(form, error), status=422)
    assert not isinstance(outcome, Conflicted)  # no other intention writes a contact point with this id
    return show_saved(request, points_card(), outcome)


async def one(request: Request) -> Response:
    """The form of one of them, or what its buttons do."""
    id: UUID = request.path_params["id"]
    if request.method != "POST":
        return await _edit(request, id)
    data = await read_form(request)
    match data.get("action"):
        case "save":
            return await _save(request, id, data)
        case "up" | "down" as direction:
            return await _rank(request, id, data, earlier=direction == "up")
        case "remove":
            return await _remove(request, id, data)
    raise PortalError(_("This form has no such button. Nothing was saved."))


async def _edit(request: Request, id: UUID) -> Response:
    stored = await open_record(request)
    point = find(stored.record, id)
    form_type = _form_type(request, stored, point)
    form = form_type(await typed_before(request), data={"value": _as_typed(point), "use": point.use})
    return show_form(request, points_card(editing=str(id)), stored, form)


def _as_typed(point: ContactPoint) -> str:
    return address(point.system, point.value) if point.system is System.PHONE else point.value


async def _save(request: Request, id: UUID, data: FormData) -> Response:
    stored = await open_record(request)
    card = points_card(editing=str(id))
    form = _form_type(request, stored, find(stored.record, id))(data)
    if not form.validate():
        return show_form(request, card, stored, form, status=422)
    kept = left_alone(data)
    values = {name: form[name].data for name in ("value", "use") if name not in kept}
    intent = intention(request, form, "contact_point:changed")
    try:
        outcome = await change_contact_point(services(request).customers, customer_id(request), intent, id, values)
    except Invalid as error:
        return show_form(request, card, stored, refused(form, error), status=422)
    if isinstance(outcome, Conflicted):
        typed: dict[str, Value] = {f"contact_points/{id}/{name}": value for name, value in values.items()}
        return await show_conflict(request, points_card(), outcome, typed)
    return show_saved(request, points_card(), outcome)


async def _rank(request: Request, id: UUID, data: FormData, *, earlier: bool) -> Response:
    # One place earlier or later than it stands now, whatever has become of the order since the page was made.
    intent = replace(intention(request, carried(data), "contact_point:ranked"), seen=None)
    store = services(request).customers
    outcome = await rank_contact_point(store, customer_id(request), intent, id, earlier=earlier)
    assert not isinstance(outcome, Conflicted)
    return show_saved(request, points_card(), outcome)


async def _remove(request: Request, id: UUID, data: FormData) -> Response:
    if "value" in left_alone(data):
        return show_saved(request, points_card(), Unchanged(await open_record(request)))
    intent = intention(request, carried(data), "contact_point:removed")
    outcome = await remove_contact_point(services(request).customers, customer_id(request), intent, id)
    if isinstance(outcome, Conflicted):
        return await show_rows(request, points_card(), outcome, [_removal(outcome, id)])
    return show_saved(request, points_card(), outcome)


def _removal(conflicted: Conflicted, id: UUID) -> Row:
    point = find(conflicted.stored.record, id)
    seen = {field.path.rsplit("/", 1)[-1]: field.seen for field in conflicted.fields}
    was, now = str(seen.get("value", point.value)), address(point.system, point.value)
    return Row("value", system_name(point.system), address(point.system, was), now, _("removed"))


def _system(request: Request) -> System:
    try:
        return System(request.query_params.get("system", System.PHONE))
    except ValueError:
        raise NotFound(_("There is no such kind of contact point.")) from None


def _form_type(request: Request, stored: StoredRecord, point: ContactPoint) -> type[ContactPointForm]:
    country = home_country(services(request).catalogue, stored.record)
    return contact_point_form(point.system, country=country, use=point.use)
