"""Where somebody goes on after a login in between: to the form that they typed into, or the page that they were on."""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Route

from portal.web.form_data import UNSAFE, posted
from portal.web.forms.base import CARRIED
from portal.web.responses import is_htmx

SAYS_NOTHING = frozenset({"remove", "up", "down"})
"""Buttons beside a form's own, for which it does not matter what was typed."""


async def way_back(request: Request) -> str:
    """Where to go on after a login: the page of a form that something was typed into, else the page that is open."""
    if request.method in UNSAFE and await is_typed(request):
        return place(request)
    return open_page(request)


def open_page(request: Request) -> str:
    """The page that somebody is on, as a local address: a form or a fragment has none worth coming back to."""
    if request.method not in UNSAFE and not is_htmx(request):
        return place(request)
    return our_page(request, "hx-current-url" if is_htmx(request) else "referer") or "/"


def our_page(request: Request, header: str) -> str:
    """The page that a header names, as a local address; empty if it names none of ours."""
    try:
        parts = urlsplit(request.headers.get(header, ""))
    except ValueError:  # as for http://[
        return ""
    if f"{parts.scheme}://{parts.netloc}" != request.app.state.settings.origin:
        return ""
    # Two slashes at the start would name another host.
    return "/" + parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")


def place(request: Request) -> str:
    """The address of a form, without which two of one room would be mixed up."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


async def is_typed(request: Request) -> bool:
    """Whether the form that was posted says anything of the person's own."""
    data = await posted(request)
    if data.get("action") in SAYS_NOTHING or not _can_be_shown(request):
        return False
    return any(name not in CARRIED and str(value).strip() for name, value in data.multi_items())


def _can_be_shown(request: Request) -> bool:
    """Whether the address that a form is posted to also shows it."""
    here = request.scope.get("endpoint")
    routes = (route for route in request.app.routes if isinstance(route, Route) and route.endpoint is here)
    return any("GET" in (route.methods or ()) for route in routes)
