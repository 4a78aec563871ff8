"""Who may enter: each route in the sitemap wraps its view in one of these, and a test finds those that do not:
`Route("/record", customers(home.record), name="record")`, `Route("/desk", staff(StaffRole.AGENT)(desk.search), ...)`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeAlias, cast
from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal.errors import Forbidden
from portal.i18n import gettext as _
from portal.identity.session import Audience, Session, find
from portal.settings import StaffRole
from portal.web.errors import LoginNeeded
from portal.web.form_data import UNSAFE, posted
from portal.web.language import speak
from portal.web.responses import is_htmx, url_for

View: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Policy:
    """Whose session a route wants (None: nobody's), and for staff which roles, one of which is enough."""

    audience: Audience | None
    roles: tuple[StaffRole, ...] = ()


def public(view: View) -> View:
    """Anybody may enter."""
    return _marked(view, Policy(None))


def customers(view: View) -> View:
    """A customer who is logged in may enter, and `viewer(request).customer_id` is the one record that they may see."""
    return _guarded(view, Policy(Audience.CUSTOMER))


def staff(*roles: StaffRole) -> Callable[[View], View]:
    """Staff who are logged in and have one of the roles may enter."""
    return lambda view: _guarded(view, Policy(Audience.STAFF, roles))


def viewer(request: Request) -> Session:
    """Whose request this is; only in views that are for customers or staff."""
    return cast(Session, request.state.session)


async def known_viewer(request: Request) -> Session | None:
    """Who looks at a public page, if the browser shows a session: a customer's before one of staff."""
    for audience in Audience:
        if session := await find(request, audience):
            _admit(request, session)
            return session
    return None


def _guarded(view: View, policy: Policy) -> View:
    async def guarded(request: Request) -> Response:
        if request.method in UNSAFE:
            # Read before anything can fail, so that an error page can give back what was typed.
            await posted(request)
        assert policy.audience is not None
        session = await find(request, policy.audience)
        if session is None:
            return _to_login(request, policy.audience)
        _admit(request, session)
        if policy.roles:
            request.state.entered_as = next((role for role in policy.roles if role in session.roles), None)
            if request.state.entered_as is None:
                raise Forbidden(
                    _("Your account does not have the role that this page is for."),
                    hint=_("Whoever runs the portal at your company can give it to you."),
                )
        return await view(request)

    return _marked(guarded, policy, view)


def _marked(endpoint: View, policy: Policy, view: View | None = None) -> View:
    @wraps(view or endpoint)
    async def marked(request: Request) -> Response:
        return await endpoint(request)

    marked.policy = policy  # type: ignore[attr-defined]
    return marked


def _admit(request: Request, session: Session) -> None:
    request.state.session = session
    speak(request, session.language)


def _to_login(request: Request, audience: Audience) -> Response:
    """Log in, and come back. Nobody is led away from what they typed: a form is given back, an open page stays."""
    where = {"as": "staff"} if audience is Audience.STAFF else {}
    login = f"{url_for(request, 'login')}?{urlencode(where | {'next': _page(request)})}"
    if is_htmx(request) or request.method in UNSAFE:
        raise LoginNeeded(login, saving=request.method in UNSAFE)
    return RedirectResponse(login, 303)


def _page(request: Request) -> str:
    """The page that somebody is on, as a local address: a form or a fragment has none worth coming back to."""
    here = request.headers.get("hx-current-url", "") if is_htmx(request) else request.headers.get("referer", "")
    if request.method not in UNSAFE and not is_htmx(request):
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    parts = urlsplit(here)
    same = f"{parts.scheme}://{parts.netloc}" == request.app.state.settings.origin
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "") if same else "/"
