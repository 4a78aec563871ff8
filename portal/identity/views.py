"""Logging in and out."""

from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal.errors import Forbidden, NotFound
from portal.i18n import current_language
from portal.i18n import gettext as _
from portal.identity import claims, cookies, customers, lifecycle, refusal, return_to, staff, tokens
from portal.identity.failures import LoginFailed, ProviderMistaken, Refused
from portal.identity.flow import Arrival, arrive, depart
from portal.identity.logout import provider_logout
from portal.identity.providers import providers
from portal.identity.rooms import room
from portal.identity.session import Audience, Session, find
from portal.identity.transaction import COOKIE_PREFIX, SECONDS, consume, cookie_for
from portal.services import services
from portal.web import form_token
from portal.web.form_data import TOKEN, posted
from portal.web.responses import page, redirect, url_for

log = structlog.get_logger(__name__)

MOST_LOGINS = 5
"""In one browser at a time, so that cookies do not pile up."""


async def login(request: Request) -> Response:
    """Straight to the provider; or, for who is logged in already, on to where they wanted to go."""
    audience = Audience.STAFF if request.query_params.get("as") == "staff" else Audience.CUSTOMER
    if await find(request, audience):
        return redirect(request, return_to.local(request.query_params.get("next")))
    return await _depart(request, audience)


async def start(request: Request) -> Response:
    """To the provider, whoever is logged in; with `again` it asks anew who is there."""
    return await _depart(request, _audience(request))


async def callback(request: Request) -> Response:
    """Back from the provider."""
    audience, back_to = _audience(request), return_to.HOME
    state = _state(request)
    try:
        settings = services(request).settings
        browser = request.cookies.get(cookies.full_name(settings, cookie_for(state))) if state else None
        transaction = await consume(services(request).staff.database, state, browser)
        back_to = transaction.return_to
        if transaction.audience is not audience:
            raise Refused("callback: the login was begun for others")
        arrival = await arrive(providers(request)[audience], transaction, request.query_params)
        response = await _come_in(request, audience, arrival, back_to)
    except LoginFailed as failure:
        response = _failed(request, audience, failure, back_to)
    if state:
        cookies.remove(response, services(request).settings, cookie_for(state))
    return response


async def logout(request: Request) -> Response:
    """End the session of the page that this was sent from, here first, and then at the provider."""
    session = await _leaving(request)
    if session is None:
        return redirect(request, return_to.HOME)
    ended = await lifecycle.end(request, session.audience)
    back = services(request).settings.origin + return_to.HOME
    url = await provider_logout(providers(request)[session.audience], ended, back=back) if ended else None
    # A redirect from here to the provider would be one from a form, which our own policy forbids browsers to follow.
    response = page(request, "identity/leave.html", {"way": url}) if url else redirect(request, return_to.HOME)
    response.headers["clear-site-data"] = '"storage"'
    lifecycle.remove_cookie(response, request, session.audience)
    return response


async def _depart(request: Request, audience: Audience) -> Response:
    settings, back_to = services(request).settings, return_to.local(request.query_params.get("next"))
    try:
        departure = await depart(
            providers(request)[audience],
            services(request).staff.database,
            redirect_uri=settings.origin + url_for(request, "login_callback", audience=audience.value),
            return_to=back_to,
            language=current_language(),
            prompt="login" if "again" in request.query_params else None,
        )
    except LoginFailed as failure:
        return _failed(request, audience, failure, back_to)
    response = RedirectResponse(departure.url, 303)
    for surplus in _logins_under_way(request)[MOST_LOGINS - 1 :]:
        cookies.remove(response, settings, surplus)
    cookies.put(response, settings, departure.opened.cookie, departure.opened.browser, max_age=SECONDS)
    return response


async def _come_in(request: Request, audience: Audience, arrival: Arrival, back_to: str) -> Response:
    settings, store = services(request).settings, services(request).staff
    if audience is Audience.CUSTOMER:
        who = await customers.recognise(store, arrival, settings.customer_oidc_number_claim, _personal(request))
    else:
        who = await staff.recognise(store.database, arrival, settings.staff_oidc_roles_claim, settings.staff_oidc_roles)
    if who is None:
        return _not_yet(request, audience, arrival)
    token = await lifecycle.begin(request, who, arrival.proof)
    log.info("logged in", audience=audience.value)
    # Not to the start page, which has to guess whose room is meant where a browser holds two sessions.
    own = url_for(request, room(who.audience, who.roles))
    response = redirect(request, own if back_to == return_to.HOME else back_to)
    lifecycle.put_cookie(response, request, audience, token)
    return response


def _not_yet(request: Request, audience: Audience, arrival: Arrival) -> Response:
    """The provider knows them, and we know nothing to show them. The page is the same whoever else there is."""
    template = "identity/pending.html" if audience is Audience.CUSTOMER else "identity/no_role.html"
    log.info("logged in at the provider, not here", audience=audience.value)
    account = claims.display_name(arrival.claims, arrival.subject)
    return page(request, template, {"account": account, "other": _start(request, audience, again="1")}, status=403)


def _failed(request: Request, audience: Audience, failure: LoginFailed, back_to: str) -> Response:
    record = log.error if isinstance(failure, ProviderMistaken) else log.warning
    record("login failed", audience=audience.value, kind=type(failure).__name__, why=str(failure))
    status, words = refusal.words(failure)
    way = {"href": _start(request, audience, next=back_to), "name": services(request).settings.brand_name, "hint": None}
    context = {"staff": audience is Audience.STAFF, "ways": [way], "problem": words}
    return page(request, "identity/login.html", context, status=status)


async def _leaving(request: Request) -> Session | None:
    """Whose session ends: of a customer's and one of staff in the same browser, the one whose page sent the form."""
    sent = str((await posted(request)).get(TOKEN, ""))
    shown = [session for audience in Audience if (session := await find(request, audience))]
    leaving = next((session for session in shown if form_token.matches(session.form_secret, sent)), None)
    if shown and leaving is None:
        raise Forbidden(
            _("This form is from an earlier login, or was not made here. You are still logged in."),
            hint=_("Open the page again and log out there."),
        )
    return leaving


def _audience(request: Request) -> Audience:
    try:
        return Audience(request.path_params["audience"])
    except ValueError:
        raise NotFound(_("There is nothing at this address.")) from None


def _state(request: Request) -> str | None:
    states = request.query_params.getlist("state")
    return states[0] if len(states) == 1 and tokens.well_formed(states[0]) else None


def _logins_under_way(request: Request) -> list[str]:
    prefix = cookies.full_name(services(request).settings, COOKIE_PREFIX)
    return [COOKIE_PREFIX + name.removeprefix(prefix) for name in request.cookies if name.startswith(prefix)]


def _start(request: Request, audience: Audience, **parameters: str) -> str:
    return f"{url_for(request, 'login_start', audience=audience.value)}?{urlencode(parameters)}"


def _personal(request: Request) -> dict[str, str]:
    """What the change record keeps, encrypted, of how a login came to be linked."""
    personal = {
        "ip": getattr(request.state, "client_address", None) or "",
        "user_agent": lifecycle.user_agent(request),
    }
    return {name: value for name, value in personal.items() if value}
