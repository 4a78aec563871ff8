"""No other site can act in the name of somebody who is logged in here."""

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from portal.errors import Forbidden
from portal.i18n import gettext as _
from portal.web.headers import each_header

log = structlog.get_logger(__name__)

_SAFE = ("GET", "HEAD", "OPTIONS")


class CrossOriginMiddleware:
    """Lets a request that may change something pass only if our own pages sent it.

    Every browser of today says in Sec-Fetch-Site where a request comes from, and a page cannot forge it; `none` is the
    person's own doing. An older one says it in Origin. Who sends neither and no cookie either is no browser: a program,
    such as an identity provider that ends sessions, whose request is proved by other means.
    """

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self.app = app
        self.origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _SAFE and (why := self._objection(scope)):
            log.warning("cross-origin request refused", why=why)
            raise Forbidden(
                _("This came from another site, or from a browser that does not say from where. Nothing was changed."),
                hint=_("Open the page here and try again."),
            )
        await self.app(scope, receive, send)

    def _objection(self, scope: Scope) -> str | None:
        site, origin = each_header(scope, b"sec-fetch-site"), each_header(scope, b"origin")
        if site:
            return None if site in (["same-origin"], ["none"]) else "sec-fetch-site"
        if origin:
            return None if origin == [self.origin] else "origin"
        return "neither sec-fetch-site nor origin" if each_header(scope, b"cookie") else None
