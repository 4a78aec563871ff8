"""What each response of each address says to browsers, whoever asks and whatever comes of it."""

import httpx2
import pytest
from starlette.routing import Route

from tests.integration.web.access import Cast, Theirs, address, all_routes, has_ids, methods

ELSEWHERE = {"origin": "https://mallory.example"}
WITHOUT_CHARSET = ("application/json", "application/problem+json")
"""Is UTF-8 and nothing else (RFC 8259, section 8.1)."""

KEPT = ("/.well-known/jwks.json",)
"""What may be kept by others for a while: it is public, and says so."""


@pytest.mark.parametrize("route", all_routes(), ids=lambda route: route.path)
@pytest.mark.asvs("3.2.1", "3.4.2", "3.4.3", "3.4.4", "3.4.5", "3.4.6", "3.4.8", "3.5.8", "4.1.1", "14.3.2")
async def test_it_can_be_taken_for_nothing_else_and_read_by_nobody_else(
    route: Route, cast: Cast, alices: Theirs
) -> None:
    path = address(route, alices.ids_in(route.path) if has_ids(route) else {})
    for name, browser in cast.items():
        for method in methods(route):
            headers = await _headers(browser, method, path)

            who = f"{name} {method} {path}"
            policy = dict(part.partition(" ")[::2] for part in headers["content-security-policy"].split("; "))
            assert policy["script-src"].startswith("'nonce-"), who
            for directive in ("default-src", "base-uri", "object-src", "frame-ancestors"):
                assert policy[directive] == "'none'", who
            assert headers["x-content-type-options"] == "nosniff", who
            assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin", (
                who
            )
            assert headers["referrer-policy"] == "same-origin", who
            assert not [header for header in headers if header.startswith("access-control-")], who
            assert headers["cache-control"] == "no-store" or path in KEPT, who
            if headers.get("content-length") != "0":
                kind = headers["content-type"].lower()
                assert kind in WITHOUT_CHARSET or "; charset=utf-8" in kind, f"{who}: {kind}"


async def _headers(browser: httpx2.AsyncClient, method: str, path: str) -> httpx2.Headers:
    async with browser.stream(method, path, headers=ELSEWHERE if method == "GET" else {}) as response:
        return response.headers
