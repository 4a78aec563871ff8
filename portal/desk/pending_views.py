"""Accounts of which nobody has said whose they are: agents look, ask, and connect or refuse."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from portal.cards.forms import carried
from portal.desk.changed_addresses import changed_lately
from portal.desk.pending_told import comparisons, told
from portal.desk.queries import search
from portal.desk.reviewing import connect_reviewed, refuse_reviewed
from portal.desk.views import FOUND_SHOWN, LONGEST_QUERY, agent, open_card
from portal.errors import NotFound, PortalError
from portal.i18n import gettext as _
from portal.identity import pending
from portal.identity.links import NotLinked
from portal.identity.pending import PendingLogin
from portal.identity.providers import providers
from portal.identity.session import Audience
from portal.identity.ways import ways
from portal.mail import addresses
from portal.services import services
from portal.web.form_data import read_form
from portal.web.forms import Form
from portal.web.intention import intention
from portal.web.responses import page, redirect, url_for


async def queue(request: Request) -> Response:
    """Those that wait, or that were refused, the last seen first."""
    refused = "refused" in request.query_params
    found = await pending.queue(services(request).staff.database, refused=refused, after=_after(request))
    address = url_for(request, "desk_logins")
    more = f"{address}?{'refused=1&' if refused else ''}after={found[-1].id}" if len(found) == pending.SHOWN else None
    context = {
        "logins": [told(waiting, _label(request)) for waiting in found],
        "refused": refused,
        "older": more,
        "done": _done(request),
    }
    return page(request, "desk/pending.html", context)


async def one(request: Request) -> Response:
    """One of them, with a search for whose it may be."""
    form = carried(await read_form(request)) if request.method == "POST" else None
    waiting = await _waiting(request)
    if form is not None:
        return await _refuse(request, form, waiting)
    query = request.query_params.get("q", "")[:LONGEST_QUERY].strip()
    database = services(request).staff.database
    asked = query or waiting.claimed_number or waiting.account.email or ""
    found = await search(database, asked, FOUND_SHOWN) if asked else []
    context = {"login": told(waiting, _label(request)), "q": query, "asked": asked, "results": found, "seq": 0}
    return page(request, "desk/pending_login.html", context)


async def connect(request: Request) -> Response:
    """Whether the account is this customer's: both side by side, and the decision."""
    form = carried(await read_form(request)) if request.method == "POST" else None
    waiting = await _waiting(request)
    seen = await open_card(request, again=True)
    if seen.customer_id is None:
        raise NotFound(_("This contact is in the CRM alone: its customer has no record in the portal."))
    if form is not None:
        return await _connect(request, form, waiting, seen.customer_id)
    lately = await changed_lately(services(request).staff.database, seen.customer_id)
    known = [known.provider for known in providers(request).of(Audience.CUSTOMER)]
    context = {
        "login": told(waiting, _label(request)),
        "customer": {"id": seen.customer_id, "name": seen.record.name, "number": seen.record.number},
        "comparisons": comparisons(waiting, seen.record, lately),
        "lately": any(point.id in lately for point in addresses(seen.record)),
        "ways": await ways(services(request).staff.database, seen.customer_id, known),
        "seq": 0,
    }
    return page(request, "desk/pending_connect.html", context)


async def _connect(request: Request, form: Form, waiting: PendingLogin, customer_id: UUID) -> Response:
    wanted = intention(request, form, "login:linked")
    try:
        await connect_reviewed(services(request).staff, waiting, customer_id, wanted)
    except NotLinked:
        raise PortalError(
            _("This account was connected to another record a moment ago. Nothing was changed."), status=409
        ) from None
    return redirect(request, url_for(request, "desk_logins_of", id=customer_id) + "?done=connected")


async def _refuse(request: Request, form: Form, waiting: PendingLogin) -> Response:
    wanted = intention(request, form, "login:refused")
    refused = await refuse_reviewed(services(request).staff, waiting, agent(request).name, wanted)
    return redirect(request, url_for(request, "desk_logins") + ("?done=refused" if refused else "?done=decided"))


async def _waiting(request: Request) -> PendingLogin:
    waiting = await pending.one(services(request).staff.database, request.path_params["login"])
    if waiting is None:
        raise NotFound(_("This account does not wait any more: it was connected, or did not come back for 30 days."))
    return waiting


def _label(request: Request) -> Callable[[str], str]:
    """How people call a provider, by its name in the settings."""

    return partial(providers(request).label_of, Audience.CUSTOMER)


def _after(request: Request) -> UUID | None:
    try:
        return UUID(request.query_params.get("after", ""))
    except ValueError:
        return None


def _done(request: Request) -> str | None:
    said = {
        "refused": _("Refused. Whoever logs in with that account sees the same page as before, and no record."),
        "decided": _("Somebody else has decided about this account a moment ago."),
    }
    return said.get(request.query_params.get("done", ""))
