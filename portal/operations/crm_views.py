"""One CRM's page, and its buttons."""

from uuid import UUID

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from portal.db.database import Database
from portal.errors import PortalError
from portal.i18n import current_zone
from portal.i18n import gettext as _
from portal.operations.crm_queries import crm
from portal.operations.crm_status import CrmStatus, crm_status
from portal.services import services
from portal.sync import steer
from portal.sync.resync import begin_resync
from portal.web.form_data import read_form
from portal.web.policy import viewer
from portal.web.responses import fragment, page, redirect, url_for, wants_fragment

MAX_CONTACT = 200
"""Characters of a CRM's own id; none is as long."""


async def show(request: Request) -> Response:
    """How it does; the page asks again every few seconds. A post is one of its buttons."""
    if request.method == "POST":
        return await _steer(request)
    done = request.query_params.get("done") == "1"
    context = {"crm": await _status(request), "done": done, "plot_zone": current_zone().key}
    if wants_fragment(request):
        return fragment(request, "operations/crm.html", "live", context)
    return page(request, "operations/crm.html", context)


async def record(request: Request) -> Response:
    """A button beside a parked record."""
    data, name, customer = await read_form(request), request.path_params["crm"], request.path_params["id"]
    database, actor = services(request).staff.database, _actor(request)
    match data.get("action"):
        case "retry":
            done: int = await steer.retry(database, name, customer, actor=actor)
        case "skip":
            done = await steer.skip(database, name, customer, actor=actor)
        case "relink":
            done = await steer.relink(database, name, customer, _contact(data), actor=actor)
        case _:
            raise _no_such_button()
    if not done:
        raise PortalError(
            _("Nothing was changed: the record is no longer parked, or that contact belongs to another customer."),
            hint=_("Look at the page again."),
        )
    return _back(request, name)


async def _steer(request: Request) -> Response:
    data, name = await read_form(request), (await _status(request)).name
    await _act(services(request).staff.database, name, str(data.get("action")), _actor(request))
    return _back(request, name)


async def _act(database: Database, name: str, action: str, actor: str) -> None:
    match action:
        case "pause":
            await steer.pause(database, name, actor=actor)
        case "resume":
            await steer.resume(database, name, actor=actor)
        case "retry":
            await steer.retry(database, name, None, actor=actor)
        case "resync":
            await begin_resync(database, name, actor=actor)
        case _:
            raise _no_such_button()


async def _status(request: Request) -> CrmStatus:
    found = await crm(services(request).staff.database, request.path_params["crm"])
    if found is None:
        raise HTTPException(404)
    return crm_status(found)


def _contact(data: FormData) -> str | None:
    """The contact that was named; nothing has a new one made."""
    contact = str(data.get("contact", "")).strip()
    if len(contact) > MAX_CONTACT or not contact.isprintable():
        raise PortalError(_("This is not the id of a contact. Nothing was changed."))
    return contact or None


def _actor(request: Request) -> str:
    staff: UUID | None = viewer(request).staff_id
    return str(staff)


def _no_such_button() -> PortalError:
    return PortalError(_("This form has no such button. Nothing was changed."))


def _back(request: Request, name: str) -> Response:
    return redirect(request, f"{url_for(request, 'operations_crm', crm=name)}?done=1")
