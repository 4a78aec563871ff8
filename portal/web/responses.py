"""What a view answers with: a whole page, one block of it for htmx, or the way to another page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from portal.identity.session import Audience, Session
from portal.settings import StaffRole
from portal.web import form_token
from portal.web.templates import Templates


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page, as templates know them: `role` is customer, agent, auditor or operator; staff may have more
    `roles` than the one that the page is for."""

    name: str
    role: str
    roles: frozenset[str]


def page(
    request: Request,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A whole page."""
    html = templates(request).render(template, _surroundings(request) | dict(context or {}))
    return HTMLResponse(html, status, headers)


def fragment(
    request: Request,
    template: str,
    block: str,
    context: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One named block of the same template, for htmx."""
    html = templates(request).render_block(template, block, _surroundings(request) | dict(context or {}))
    return HTMLResponse(html, status, headers)


def redirect(request: Request, url: str) -> Response:
    """To another page of ours, after a post (303). htmx is told to go there as a whole, instead of swapping it in."""
    if is_htmx(request):
        return Response(status_code=200, headers={"hx-redirect": url})
    return RedirectResponse(url, 303)


def is_htmx(request: Request) -> bool:
    """Whether htmx asks, who swaps the answer into a page that is there."""
    return request.headers.get("hx-request") == "true"


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks for a piece. A link that picks its piece from a whole page itself (hx-select) says `full`."""
    return is_htmx(request) and request.headers.get("hx-request-type", "partial") == "partial"


def templates(request: Request) -> Templates:
    return cast(Templates, request.app.state.templates)


def url_for(request: Request, name: str, **params: Any) -> str:
    """The path of a page of ours, by the name of its route."""
    return str(request.app.url_path_for(name, **params))


def _surroundings(request: Request) -> dict[str, Any]:
    """What every template has besides its context."""
    session: Session | None = getattr(request.state, "session", None)
    return {
        "csp_nonce": getattr(request.state, "csp_nonce", ""),
        "form_token": form_token.mask(session.form_secret) if session else "",
        "viewer": _viewer(request, session) if session else None,
    }


def _viewer(request: Request, session: Session) -> Viewer:
    if session.audience is Audience.CUSTOMER:
        return Viewer(session.name, "customer", frozenset({"customer"}))
    # Somebody with several roles sees the navigation of the room that the page belongs to.
    here = getattr(request.state, "entered_as", None)
    role = here or next((role for role in StaffRole if role in session.roles), "")
    return Viewer(session.name, str(role), frozenset(map(str, session.roles)))
