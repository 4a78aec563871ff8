"""Who may enter: each route in the sitemap wraps its view in one of these, and a test finds those that do not:
`Route("/record", customers(home.record), name="record")`, `Route("/desk", staff(StaffRole.AGENT)(desk.search), ...)`,
and how fresh the login must be: `customers(logins.add, fresh=True)`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from typing import Protocol, TypeAlias, cast
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal import clock
from portal.errors import Forbidden
from portal.i18n import gettext as _
from portal.identity.freshness import is_fresh
from portal.identity.session import Audience, Session, find
from portal.services import services
from portal.settings import StaffRole
from portal.web import drafts
from portal.web.errors import LoginNeeded
from portal.web.form_data import UNSAFE, FormOutlived, posted
from portal.web.language import speak
from portal.web.limits import Attempt, count
from portal.web.responses import is_htmx, url_for
from portal.web.way_back import open_page, place, way_back
from portal.web.whose_form import Whose, whose, whose_form

View: TypeAlias = Callable[[Request], Awaitable[Response]]
Fresh: TypeAlias = bool | Callable[[Request], bool | Awaitable[bool]]
"""Whether a route wants a fresh login: always, never, or by what is asked for. What has to be looked up for that is
looked up for those alone whose login is not fresh."""

FRESH = "login_fresh"
"""The route that asks somebody who is logged in to show once more that it is them."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Whose session a route wants (None: nobody's), for staff which roles, one of which is enough, whether the person
    must have shown who they are only just now, as what kind of attempt each request counts, and whether a customer's
    record is read along with their session."""

    audience: Audience | None
    roles: tuple[StaffRole, ...] = ()
    fresh: Fresh = False
    limit: Attempt | None = None
    record: bool = False

    async def wants_fresh(self, request: Request) -> bool:
        wanted = self.fresh if isinstance(self.fresh, bool) else self.fresh(request)
        return wanted if isinstance(wanted, bool) else await wanted


def public(view: View, *, limit: Attempt | None = None) -> View:
    """Anybody may enter; with `limit` as often as the settings allow from one address."""

    async def open_to_all(request: Request) -> Response:
        if limit is not None:
            await count(request, limit)
        return await view(request)

    return _marked(open_to_all, Policy(None, limit=limit), view)


class Admit(Protocol):
    """Wraps a view in a policy."""

    def __call__(self, view: View, *, fresh: Fresh = False) -> View: ...


def customers(view: View, *, fresh: Fresh = False, record: bool = True) -> View:
    """A customer who is logged in may enter, and `viewer(request).customer_id` is the one record that they may see.

    With `fresh`, or where the predicate says so, only who has logged in within the last minutes (STEP_UP_MINUTES), and
    in one of the ways that the provider's STEP_UP_ACR names; others are asked for it, and come back. The record is read
    in the statement that finds the session, except for views that do without.
    """
    return _guarded(view, Policy(Audience.CUSTOMER, fresh=fresh, record=record))


def staff(*roles: StaffRole) -> Admit:
    """Staff who are logged in and have one of the roles may enter; `fresh` as for customers."""

    def admit(view: View, *, fresh: Fresh = False) -> View:
        return _guarded(view, Policy(Audience.STAFF, roles, fresh))

    return admit


def viewer(request: Request) -> Session:
    """Whose request this is; only in views that are for customers or staff."""
    return cast(Session, request.state.session)


async def known_viewer(request: Request) -> Session | None:
    """Who looks at a public page, if the browser shows a session: a customer's before one of staff."""
    for audience in Audience:
        if session := await known_as(request, audience):
            return session
    return None


async def known_as(request: Request, audience: Audience) -> Session | None:
    """The same for one audience: the page is then theirs, in their language and with their menu."""
    session = await find(request, audience)
    if session is not None:
        _admit(request, session)
    return session


def _guarded(view: View, policy: Policy) -> View:
    async def guarded(request: Request) -> Response:
        if request.method in UNSAFE:
            # Read before anything can fail, so that an error page can give back what was typed.
            await posted(request)
        assert policy.audience is not None
        session = await find(request, policy.audience, record=policy.record)
        if session is None:
            return await _to_login(request, policy.audience)
        _admit(request, session)
        if policy.roles:
            request.state.entered_as = next((role for role in policy.roles if role in session.roles), None)
            if request.state.entered_as is None:
                raise Forbidden(
                    _("Your account does not have the role that this page is for."),
                    hint=_("Whoever runs the portal at your company can give it to you."),
                )
        if not is_fresh(session, services(request).settings, clock.now()) and await policy.wants_fresh(request):
            return await _to_login(request, policy.audience, FRESH)
        return await _view(request, session, view)

    return _marked(guarded, policy, view)


async def _view(request: Request, session: Session, view: View) -> Response:
    """The view's answer, and what it means for a draft that its form was shown with."""
    if request.method not in UNSAFE:
        return await view(request)
    try:
        response = await drafts.discard(request) or await view(request)
    except FormOutlived as error:
        return await drafts.outlived(request, session, error)
    await drafts.has_arrived(request, response)
    return response


def _marked(endpoint: View, policy: Policy, view: View) -> View:
    marked = wraps(view)(endpoint)
    marked.policy = policy  # type: ignore[attr-defined]
    return marked


def _admit(request: Request, session: Session) -> None:
    request.state.session = session
    speak(request, session.language)


async def _to_login(request: Request, audience: Audience, way: str = "login") -> Response:
    """Log in, and come back. What was typed is kept for whose form it was; where nobody knows that, it is given back,
    and an open page stays."""
    saving, again = request.method in UNSAFE, way == FRESH
    if saving:
        owner = await whose_form(request, audience)
        if owner is not None and _may_be(request, owner):
            login = _login(request, audience, way, await way_back(request))
            return await drafts.set_aside(request, owner, login=login, again=again)
    # What wants a fresh login is where one comes to; otherwise, from a piece of a page, one comes back to the page.
    here = place(request) if again and not saving else open_page(request)
    login = _login(request, audience, way, here)
    if saving or is_htmx(request):
        raise LoginNeeded(login, saving=saving, again=again, leave=not saving)
    return RedirectResponse(login, 303)


def _login(request: Request, audience: Audience, way: str, back_to: str) -> str:
    where = {"as": "staff"} if audience is Audience.STAFF else {}
    return f"{url_for(request, way)}?{urlencode(where | {'next': back_to})}"


def _may_be(request: Request, owner: Whose) -> bool:
    """Whether a form can be of the person who is logged in, if anybody is."""
    session: Session | None = getattr(request.state, "session", None)
    return session is None or whose(session) == owner
