"""Sending a browser to a provider, and what is shown where that did not end well."""

from dataclasses import replace
from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal.i18n import current_language
from portal.identity import cookies, refusal, return_to
from portal.identity.failures import LoginFailed, LoginTimeUnsaid, ProviderMistaken
from portal.identity.flow import depart
from portal.identity.providers import KnownProvider, providers
from portal.identity.session import Audience
from portal.identity.transaction import COOKIE_PREFIX, SECONDS, Purpose, Wanted
from portal.services import services
from portal.web.policy import known_as
from portal.web.responses import page, url_for

log = structlog.get_logger(__name__)

MOST_LOGINS = 5
"""In one browser at a time, so that cookies do not pile up."""


async def leave_for(request: Request, known: KnownProvider, wanted: Wanted, *, prompt: str | None = None) -> Response:
    """Begin a login: the browser goes to the provider, and what comes back is dealt with in `arrived`.

    From a GET alone: browsers do not follow a form's redirect to another site (form-action 'self').
    """
    settings, provider = services(request).settings, known.provider
    back = url_for(request, "login_callback", audience=provider.audience.value, provider=provider.name)
    try:
        departure = await depart(
            known,
            services(request).staff.database,
            wanted,
            redirect_uri=settings.origin + back,
            language=current_language(),
            prompt=prompt,
        )
    except LoginFailed as failure:
        return await failed(request, provider.audience, failure, wanted, provider.name)
    response = RedirectResponse(departure.url, 303)
    for surplus in _logins_under_way(request)[MOST_LOGINS - 1 :]:
        cookies.remove(response, settings, surplus)
    cookies.put(response, settings, departure.opened.cookie, departure.opened.browser, max_age=SECONDS)
    return response


def choose(request: Request, audience: Audience, back_to: str) -> Response:
    """The page on which somebody says where they have their account."""
    return page(request, "identity/login.html", _chooser(request, audience, Wanted(return_to=back_to)))


async def failed(
    request: Request, audience: Audience, failure: LoginFailed, wanted: Wanted, provider: str | None = None
) -> Response:
    """What happened, and how to go on from here: loaded again, it is another try."""
    log_failure(audience, failure, wanted, provider)
    return await failure_page(request, audience, failure, wanted)


def log_failure(audience: Audience, failure: LoginFailed, wanted: Wanted, provider: str | None) -> None:
    """Tell whoever runs the portal why somebody was not let in."""
    record = log.error if isinstance(failure, ProviderMistaken) else log.warning
    record(
        "login failed",
        audience=audience.value,
        provider=provider,
        purpose=wanted.purpose.value,
        kind=type(failure).__name__,
        why=str(failure),
    )


async def failure_page(request: Request, audience: Audience, failure: LoginFailed, wanted: Wanted) -> Response:
    """Why somebody was not let in, in words; whoever is logged in still is shown to be."""
    await known_as(request, audience)
    if isinstance(failure, LoginTimeUnsaid):
        wanted = replace(wanted, return_to=return_to.HOME)  # where they wanted to go, they would be sent away again
    status, words = refusal.words(failure, wanted.purpose)
    context = _chooser(request, audience, wanted) | {"problem": words}
    return page(request, "identity/login.html", context, status=status)


def start_address(request: Request, known: KnownProvider, **parameters: str) -> str:
    """Where a login with this provider begins."""
    provider = known.provider
    path = url_for(request, "login_start", audience=provider.audience.value, provider=provider.name)
    return f"{path}?{urlencode(parameters)}"


def _chooser(request: Request, audience: Audience, wanted: Wanted) -> dict[str, object]:
    return {
        "staff": audience is Audience.STAFF,
        "purpose": wanted.purpose.value,
        "ways": _ways(request, audience, wanted),
        "problem": None,
    }


def _ways(request: Request, audience: Audience, wanted: Wanted) -> list[dict[str, str]]:
    """How to log in from here. What was begun inside is begun again inside, where there is more to know about it."""
    if wanted.purpose is not Purpose.LOGIN:
        return [{"href": wanted.return_to, "name": ""}]
    if wanted.invitation is not None:
        return [
            {"href": url_for(request, "invitation_login", provider=known.provider.name), "name": known.provider.label}
            for known in providers(request).of(audience)
        ]
    return [
        {"href": start_address(request, known, next=wanted.return_to), "name": known.provider.label}
        for known in providers(request).of(audience)
    ]


def _logins_under_way(request: Request) -> list[str]:
    prefix = cookies.full_name(services(request).settings, COOKIE_PREFIX)
    return [COOKIE_PREFIX + name.removeprefix(prefix) for name in request.cookies if name.startswith(prefix)]
