"""The question before an account opens a record, and its answer: logging in alone, or a link, connects nothing."""

from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import Response

from portal.errors import Forbidden, PortalError
from portal.i18n import gettext as _
from portal.identity import arrivals, cookies, customers, invitations, lifecycle, tokens
from portal.identity.arrivals import Waiting
from portal.identity.connecting import connect
from portal.identity.links import NotLinked
from portal.identity.providers import providers
from portal.identity.renewal import renew
from portal.identity.session import Audience
from portal.services import services
from portal.web import form_token
from portal.web.form_data import TOKEN, read_form
from portal.web.policy import known_as
from portal.web.responses import page, redirect, url_for

log = structlog.get_logger(__name__)


async def question(request: Request) -> Response:
    """Whether the account shall open the record: shown, and answered."""
    token = request.cookies.get(cookies.full_name(services(request).settings, arrivals.COOKIE), "")
    if request.method == "POST":
        return await _answer(request, token)
    waiting = await _checked(request, await arrivals.look(services(request).staff.database, token))
    return page(request, "linking/connect.html", _context(request, waiting, token))


async def _answer(request: Request, token: str) -> Response:
    data = await read_form(request)
    if not form_token.matches(tokens.form_secret(token), str(data.get(TOKEN, ""))):
        raise Forbidden(_("This form was not made for this browser, or is too old. Nothing was connected."))
    waiting = await _checked(request, await arrivals.take(services(request).staff.database, token))
    if data.get("action") != "connect":
        return _forget(request, redirect(request, _way_back(request, waiting)))
    try:
        await connect(services(request).staff, waiting, lifecycle.personal(request))
    except NotLinked as refusal:
        log.warning("login refused", provider=waiting.account.provider, why=refusal.why)
        raise
    return await (_come_in if waiting.invitation else _added)(request, waiting)


async def _checked(request: Request, waiting: Waiting | None) -> Waiting:
    """Somebody who adds an account does so in the very session in which they began."""
    if waiting is not None and waiting.session is not None:
        session = await known_as(request, Audience.CUSTOMER)
        if session is None or (session.id, session.customer_id) != (waiting.session, waiting.customer_id):
            waiting = None
    if waiting is None:
        raise PortalError(
            _("This step was done before, took too long, or was begun in another browser. Nothing was connected."),
            hint=_("Begin again: with your invitation, or on the page with your ways to log in."),
        )
    return waiting


async def _come_in(request: Request, waiting: Waiting) -> Response:
    """Into the record, for the first time with this account."""
    who = await customers.known(services(request).staff.database, waiting.account)
    token = await lifecycle.begin(request, who, waiting.proof) if who else None
    if token is None:
        raise PortalError(_("The account was disconnected a moment ago. Please ask customer care."))
    log.info("logged in", audience=Audience.CUSTOMER.value, provider=waiting.account.provider)
    response = _forget(request, redirect(request, url_for(request, "record")))
    lifecycle.put_cookie(response, request, Audience.CUSTOMER, token)
    return response


async def _added(request: Request, waiting: Waiting) -> Response:
    """Back to the list. The session goes on under a new token, for it can do more than before."""
    response = redirect(request, url_for(request, "record_logins") + "?done=added")
    if token := await renew(request, Audience.CUSTOMER):
        lifecycle.put_cookie(response, request, Audience.CUSTOMER, token)
    return _forget(request, response)


def _context(request: Request, waiting: Waiting, token: str) -> dict[str, Any]:
    return {
        "account": waiting.account.told,
        "provider": providers(request).label_of(Audience.CUSTOMER, waiting.account.provider),
        "invited": waiting.invitation is not None,
        "form_token": form_token.mask(tokens.form_secret(token)),
        "other": _another(request, waiting),
    }


def _another(request: Request, waiting: Waiting) -> str:
    """Where to begin again with another account."""
    where = "invitation_login" if waiting.invitation else "record_login_add"
    return url_for(request, where, provider=waiting.account.provider) + "?again=1"


def _way_back(request: Request, waiting: Waiting) -> str:
    return url_for(request, "home" if waiting.invitation else "record_logins")


def _forget(request: Request, response: Response) -> Response:
    for name in (arrivals.COOKIE, invitations.COOKIE):
        cookies.remove(response, services(request).settings, name)
    return response
