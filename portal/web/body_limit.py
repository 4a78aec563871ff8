"""How much a request may carry."""

from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from portal.errors import TooLarge
from portal.i18n import gettext as _
from portal.web.headers import header

_PATIENCE = 64
"""How many times the limit is read and thrown away, so that the browser gets to reading our answer."""


class BodyLimitMiddleware(RequestBodyLimitMiddleware):
    """Starlette's limit on the bytes that arrive, and a page instead of two words where too many are announced."""

    def __init__(self, app: ASGIApp, max_body_size: int) -> None:
        super().__init__(app, max_body_size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _announced(scope) > self.max_body_size:
            await self._discard(receive)
            raise TooLarge(
                _("This is more than can be kept: at most {size} kB at a time. Nothing was saved.").format(
                    size=self.max_body_size // 1024
                ),
                hint=_("Go back, shorten it, and save again."),
            )
        await super().__call__(scope, receive, send)

    async def _discard(self, receive: Receive) -> None:
        discarded = 0
        while discarded < self.max_body_size * _PATIENCE:
            message = await receive()
            discarded += len(message.get("body", b""))
            if not message.get("more_body"):
                return


def _announced(scope: Scope) -> int:
    length = header(scope, b"content-length")
    return int(length) if length.isdecimal() and len(length) < 20 else 0
