"""Your devices: where somebody is logged in, and how to log out there. Customers and staff each have this room."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from portal.db.database import Database
from portal.devices.actions import end_one, end_others
from portal.devices.browsers import device_name
from portal.devices.queries import Device, devices_of
from portal.errors import PortalError
from portal.i18n import current_language, use
from portal.i18n import gettext as _
from portal.identity.providers import providers
from portal.identity.rooms import room
from portal.identity.session import Audience, Session
from portal.identity.views import logout
from portal.services import services
from portal.web.form_data import read_form
from portal.web.policy import viewer
from portal.web.responses import page, redirect

log = structlog.get_logger(__name__)

MOST_ENDED = 1_000


@dataclass(frozen=True, slots=True)
class Shown:
    """A device as the page tells of it; `here` is the one that asks, `way` the provider's name for people."""

    id: UUID
    name: str
    way: str
    since: datetime
    last: datetime
    here: bool


async def devices(request: Request) -> Response:
    """Where the person is logged in, or what becomes of it."""
    if request.method == "POST":
        return await _end(request)
    session = viewer(request)
    found = await devices_of(_database(request, session), **_person(session))
    if found and found[0].time_zone:
        use(current_language(), found[0].time_zone)
    context = {
        "devices": sorted((_shown(request, each, session) for each in found), key=lambda device: not device.here),
        "address": request.url.path,
        "ended": _ended(request),
        "customer": session.audience is Audience.CUSTOMER,
        "room": room(session.audience, session.roles),
    }
    return page(request, "devices/devices.html", context)


def ends(request: Request) -> bool:
    """Whether sessions are to end, for which a login has to be fresh: nobody who finds a device unlocked locks its
    owner out of the others (ASVS 5.0.0, 7.5.2)."""
    return request.method == "POST"


async def _end(request: Request) -> Response:
    data, session = await read_form(request), viewer(request)
    database, person = services(request).staff.database, _person(session)
    match data.get("action"):
        case "end":
            ended = await end_one(database, _id(data), **person)
        case "others":
            ended = await end_others(database, session.id, **person)
        case "all":
            await end_others(database, session.id, **person)
            log.info("logged out everywhere", audience=session.audience.value)
            return await logout(request)
        case _:
            raise PortalError(_("This form has no such button. Nothing was changed."))
    log.info("logged out elsewhere", audience=session.audience.value, sessions=ended)
    return redirect(request, f"{request.url.path}?ended={ended}")


def _shown(request: Request, device: Device, session: Session) -> Shown:
    return Shown(
        device.id,
        device_name(device.user_agent),
        providers(request).label_of(session.audience, device.provider),
        device.created_at,
        device.seen_at,
        device.id == session.id,
    )


def _person(session: Session) -> dict[str, UUID | None]:
    return {"customer_id": session.customer_id, "staff_id": session.staff_id}


def _database(request: Request, session: Session) -> Database:
    at_hand = services(request)
    return (at_hand.customers if session.audience is Audience.CUSTOMER else at_hand.staff).database


def _id(data: FormData) -> UUID:
    try:
        return UUID(str(data.get("device", "")))
    except ValueError:
        raise PortalError(_("Something that this form carries along was damaged. Open the page again.")) from None


def _ended(request: Request) -> int | None:
    """How many ended just now, as the address says."""
    text = request.query_params.get("ended", "")
    return min(int(text), MOST_ENDED) if text.isascii() and text.isdecimal() and len(text) < 6 else None
