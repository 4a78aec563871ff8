"""Logging in and out."""

from starlette.requests import Request
from starlette.responses import Response

from portal import clock
from portal.errors import Forbidden
from portal.i18n import gettext as _
from portal.identity import cookies, freshness, lifecycle, outcomes, return_to, tokens
from portal.identity.addressed import addressed
from portal.identity.arrived import ARRIVED
from portal.identity.departure import choose, failed, leave_for, log_failure
from portal.identity.failures import LoginFailed, ProviderMistaken, Refused, kind_of
from portal.identity.flow import arrive
from portal.identity.logout import provider_logout
from portal.identity.outcomes import Ending, Outcome
from portal.identity.providers import KnownProvider, providers
from portal.identity.quirks import another_account
from portal.identity.security_events import note_event
from portal.identity.session import Audience, Session, find, shown_token
from portal.identity.transaction import Wanted, consume, cookie_for
from portal.services import services
from portal.web import form_token
from portal.web.form_data import TOKEN, posted
from portal.web.limits import Attempt, count
from portal.web.navigation import wanted_by_somebody
from portal.web.policy import known_as
from portal.web.responses import page, redirect


async def login(request: Request) -> Response:
    """To the provider, or to the choice of one; for who is logged in already, on to where they wanted to go."""
    audience, back_to = _asked_for(request), _back_to(request)
    if await find(request, audience):
        return redirect(request, back_to)
    return await _begin(request, audience, back_to)


async def start(request: Request) -> Response:
    """To the provider, whoever is logged in; with `again` it asks anew who is there."""
    known = addressed(request)
    if not wanted_by_somebody(request):
        return choose(request, known.provider.audience, _back_to(request))
    prompt = another_account(known.provider.issuer) if "again" in request.query_params else None
    return await leave_for(request, known, Wanted(return_to=_back_to(request)), prompt=prompt)


async def fresh(request: Request) -> Response:
    """To the provider of the session, to show anew who is there; on, if that was done just now."""
    audience, back_to = _asked_for(request), _back_to(request)
    session, token = await known_as(request, audience), shown_token(request, audience)
    known = providers(request).get(audience, session.provider) if session else None
    if session is None or token is None or known is None:
        return await _begin(request, audience, back_to)
    settings = services(request).settings
    if freshness.is_fresh(session, settings, clock.now()):
        return redirect(request, back_to)
    # Whom the provider knows by another account by now has to get the chance to say so. Where the login is only too
    # weak, nobody types their password again.
    recent = freshness.is_recent(session, settings, clock.now())
    prompt = None if recent else another_account(known.provider.issuer)
    wanted = freshness.wanted(session, tokens.digest(token), settings, back_to)
    return await leave_for(request, known, wanted, prompt=prompt)


async def callback(request: Request) -> Response:
    """Back from the provider."""
    known = addressed(request)
    audience, wanted = known.provider.audience, Wanted()
    state = _state(request)
    try:
        settings = services(request).settings
        browser = request.cookies.get(cookies.full_name(settings, cookie_for(state))) if state else None
        transaction = await consume(services(request).staff.database, state, browser)
        if transaction.audience is not audience:
            raise Refused("callback: the login was begun for others")
        wanted = transaction.wanted
        arrival = await arrive(known, transaction, request.query_params)
        await count(request, Attempt.LOGIN, target=f"{arrival.issuer} {arrival.subject}", by_address=False)
        response = await ARRIVED[wanted.purpose](request, known, transaction, arrival)
    except LoginFailed as failure:
        if isinstance(failure, Refused):
            event = {"audience": audience.value, "provider": known.provider.name, "why": str(failure)}
            await note_event(services(request).staff.database, "login:failed", **event)
        log_failure(audience, failure, wanted, known.provider.name)
        response = outcomes.tell(request, _failed(known, failure, wanted))
    outcomes.forget(request, response)
    if state:
        cookies.remove(response, services(request).settings, cookie_for(state))
    return response


async def logout(request: Request) -> Response:
    """End the session of the page that this was sent from, here first, and then at the provider."""
    session = await _leaving(request)
    if session is None:
        return redirect(request, return_to.HOME)
    ended = await lifecycle.end(request, session)
    known = providers(request).get(session.audience, session.provider)
    back = services(request).settings.origin + return_to.HOME
    url = await provider_logout(known, ended, back=back) if ended and known else None
    # A redirect from here to the provider would be one from a form, which our own policy forbids browsers to follow.
    response = page(request, "identity/leave.html", {"way": url}) if url else redirect(request, return_to.HOME)
    response.headers["clear-site-data"] = '"storage"'
    lifecycle.remove_cookie(response, request, session.audience)
    return response


async def _begin(request: Request, audience: Audience, back_to: str) -> Response:
    """A login of somebody of whom nothing is known yet: with one provider straight there, else by choice."""
    ways, wanted = providers(request).of(audience), Wanted(return_to=back_to)
    if not ways:
        none = ProviderMistaken(f"no identity provider is configured for the audience {audience}")
        return await failed(request, audience, none, wanted)
    if len(ways) > 1 or not wanted_by_somebody(request):
        return choose(request, audience, back_to)
    return await leave_for(request, ways[0], wanted)


def _failed(known: KnownProvider, failure: LoginFailed, wanted: Wanted) -> Outcome:
    return Outcome(
        Ending.FAILED,
        known.provider.audience,
        known.provider.name,
        failure=kind_of(failure),
        purpose=wanted.purpose,
        back_to=wanted.return_to,
        invited=wanted.invitation is not None,
    )


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


def _asked_for(request: Request) -> Audience:
    return Audience.STAFF if request.query_params.get("as") == "staff" else Audience.CUSTOMER


def _back_to(request: Request) -> str:
    return return_to.local(request.query_params.get("next"))


def _state(request: Request) -> str | None:
    states = request.query_params.getlist("state")
    return states[0] if len(states) == 1 and tokens.well_formed(states[0]) else None
