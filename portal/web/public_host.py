"""The portal answers under one name: that of its public URL."""

from urllib.parse import urlsplit

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from portal.errors import PortalError
from portal.i18n import gettext as _
from portal.loopback import is_loopback
from portal.web.headers import header

_PROBES = ("/health/live", "/health/ready", "/metrics")
"""Asked for by machines that know an address and no name. They say nothing about anybody."""


class PublicHostMiddleware:
    """Refuses requests that were meant for another name (ASVS 5.0.0, 4.1.3): what a page or a mail links to must never
    come from a Host header.

    In development, somebody who typed 127.0.0.1 for localhost is sent to the public URL, where their cookies are.
    """

    def __init__(self, app: ASGIApp, public_url: str, *, development: bool) -> None:
        self.app = app
        self.origin = public_url.rstrip("/")
        self.name = urlsplit(public_url).hostname
        self.development = development

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in _PROBES:
            name = host_name(header(scope, b"host"))
            if self._is_detour(scope, name):
                await RedirectResponse(self.origin + _address(scope), 307)(scope, receive, send)
                return
            if name != self.name:
                raise PortalError(
                    _("This is not the portal’s address."), hint=_("It is {url}.").format(url=self.origin), status=400
                )
        await self.app(scope, receive, send)

    def _is_detour(self, scope: Scope, name: str | None) -> bool:
        return (
            self.development
            and scope["method"] in ("GET", "HEAD")
            and name != self.name
            and is_loopback(name)
            and is_loopback(self.name)
        )


def host_name(host: str) -> str | None:
    """The name in a Host header, without its port; None if there is none."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname if parts.netloc == host and parts.username is None and parts.port != 0 else None
    except ValueError:
        return None


def _address(scope: Scope) -> str:
    """Path and query as they were sent."""
    path = (scope.get("raw_path") or b"/").decode("latin-1").partition("?")[0]
    query = scope["query_string"].decode("latin-1")
    # Two slashes at the start would name another host.
    return "/" + path.lstrip("/") + (f"?{query}" if query else "")
