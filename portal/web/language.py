"""Which language a response speaks: the person's preference, what they chose here, what their browser asks for."""

from starlette.datastructures import MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.i18n import LANGUAGES, use, using
from portal.web.headers import each_header, header
from portal.web.i18n import negotiate

COOKIE = "portal_language"
_SECONDS = 365 * 24 * 3600


class LanguageMiddleware:
    """Speaks the language of the cookie or of Accept-Language, in the default time zone. Once it is known who asks, the
    page's policy goes on in the language that this person prefers."""

    def __init__(self, app: ASGIApp, zone: str) -> None:
        self.app = app
        self.zone = zone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_vary(message: Message) -> None:
            # What says itself how long it keeps is a static file, and no page.
            if message["type"] == "http.response.start" and not header(message, b"cache-control"):
                MutableHeaders(scope=message).add_vary_header("Cookie, Accept-Language, HX-Request")
            await send(message)

        with using(_language(scope), self.zone):
            await self.app(scope, receive, send_with_vary)


def speak(request: Request, preference: str | None) -> None:
    """Go on in the language that the person prefers, if they said one."""
    if preference:
        use(negotiate(preference=preference, accept=request.headers.get("accept-language", "")))


def remember(response: Response, language: str, *, secure: bool) -> None:
    """Let this browser keep a language that was chosen.

    Raises:
        ValueError: the portal does not speak it.
    """
    if language not in LANGUAGES:
        raise ValueError(language)
    response.set_cookie(COOKIE, language, max_age=_SECONDS, secure=secure, httponly=True, samesite="lax")


def _language(scope: Scope) -> str:
    chosen = None
    for cookies in each_header(scope, b"cookie"):
        if COOKIE in cookies:
            chosen = cookie_parser(cookies).get(COOKIE, chosen)
    return negotiate(cookie=chosen, accept=header(scope, b"accept-language"))
