"""Addresses that nobody types and no page of ours links to."""

import unicodedata
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from portal.errors import PortalError
from portal.i18n import gettext as _


class AddressMiddleware:
    """Refuses paths and queries that are no text: broken UTF-8, or control characters, which no value of ours has and
    which PostgreSQL would not take."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not (is_text(scope.get("raw_path") or b"") and is_text(scope["query_string"])):
            raise PortalError(
                _("This address cannot be read."), hint=_("Go back, or begin at the start page."), status=400
            )
        await self.app(scope, receive, send)


def is_text(encoded: bytes) -> bool:
    """Whether a percent-encoded part of an address is text without control characters."""
    try:
        text = unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        return False
    return text.isprintable() or not any(unicodedata.category(character) == "Cc" for character in text)
