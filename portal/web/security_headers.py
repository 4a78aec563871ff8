"""What a browser is told about our pages: run nothing of others, be framed by nobody, keep nothing."""

import base64

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal import clock
from portal.web.headers import Pair, add_missing

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Not `no-referrer`: with it, browsers send `Origin: null` with our own forms.
    "referrer-policy": "same-origin",
    "permissions-policy": "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-get=(), usb=(), xr-spatial-tracking=()",
    # What is worth keeping says so itself: the static files do.
    "cache-control": "no-store",
}


class SecurityHeadersMiddleware:
    """Adds the headers to every response, and a fresh `csp_nonce` to the request's state.

    Args:
        https: whether the portal is reached over HTTPS, and over nothing else from now on.
    """

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self.app = app
        fixed = _ALWAYS | ({"strict-transport-security": "max-age=63072000; includeSubDomains"} if https else {})
        self.fixed: list[Pair] = [(name.encode(), value.encode()) for name, value in fixed.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = base64.b64encode(clock.token_bytes(16)).decode()
        scope["state"]["csp_nonce"] = nonce

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                add_missing(message, [*self.fixed, (b"content-security-policy", _policy(nonce))])
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _policy(nonce: str) -> bytes:
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "manifest-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
        "frame-ancestors 'none'"
    ).encode()
