"""What depends on the settings among the headers."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Scope

from portal.web.security_headers import SecurityHeadersMiddleware


@pytest.mark.asvs("3.4.1")
async def test_over_https_browsers_are_told_to_stay_there() -> None:
    assert (await _headers(https=True))["strict-transport-security"] == "max-age=63072000; includeSubDomains"
    assert "strict-transport-security" not in await _headers(https=False)


async def test_forms_lead_nowhere_but_here() -> None:
    assert "; form-action 'self'; " in (await _headers(https=True))["content-security-policy"]


async def test_what_a_response_says_itself_stands() -> None:
    headers = await _headers(https=True, path="/kept")

    assert headers["cache-control"] == "public, max-age=60"


async def _headers(*, https: bool, path: str = "/") -> dict[str, str]:
    async def plain(request: Request) -> Response:
        return PlainTextResponse(request.state.csp_nonce)

    async def kept(_request: Request) -> Response:
        return PlainTextResponse("", headers={"cache-control": "public, max-age=60"})

    app = Starlette(
        routes=[Route("/", plain), Route("/kept", kept)],
        middleware=[Middleware(SecurityHeadersMiddleware, https=https)],
    )
    scope: Scope = {
        "type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "state": {}
    }  # fmt: skip
    sent: dict[str, str] = {}

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.update({name.decode(): value.decode() for name, value in message.get("headers", [])})

    await app(scope, receive, send)
    return sent
