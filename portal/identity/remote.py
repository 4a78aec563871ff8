"""Asking a provider something: briefly, with limits, and believing nothing about the answer but that it is JSON."""

import asyncio
import json
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2

from portal.identity.failures import ProviderDown, ProviderMistaken

SECONDS = 5.0
MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer: its status, the JSON object in it, and what its clock says, if it says so (HTTP Date)."""

    status: int
    body: dict[str, Any]
    date: str | None = None


def client() -> httpx2.AsyncClient:
    """A client for the whole process. It follows no redirects and keeps no cookies: what one person's login leaves
    behind must not go along with the next one's."""
    return httpx2.AsyncClient(
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=httpx2.Timeout(SECONDS, connect=3.0),
        limits=httpx2.Limits(max_connections=20, max_keepalive_connections=4, keepalive_expiry=30.0),
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
    )


async def ask(
    http: httpx2.AsyncClient,
    method: str,
    url: str,
    *,
    content: str | None = None,
    headers: dict[str, str] | None = None,
    auth: httpx2.Auth | None = None,
) -> Answer:
    """Send one request and read a JSON object.

    Raises:
        ProviderDown: there was no answer in time, or one that says to try later.
        ProviderMistaken: the answer is not what a provider answers.
    """
    where = httpx2.URL(url).copy_with(query=None)
    request = http.build_request(method, url, content=content, headers=headers)
    try:
        async with asyncio.timeout(SECONDS):
            response = await http.send(request, auth=auth, stream=True)
            try:
                data = await _read(response)
            finally:
                await response.aclose()
    except (TimeoutError, httpx2.TransportError) as error:
        raise ProviderDown(f"{where} does not answer: {type(error).__name__}") from error
    except httpx2.HTTPError as error:
        raise ProviderMistaken(f"{where} answers something unreadable: {type(error).__name__}") from error
    if response.status_code >= 500 or response.status_code == 429:
        raise ProviderDown(f"{where} answers {response.status_code}")
    body = _object(data, where, response.status_code)
    return Answer(response.status_code, body, response.headers.get("date"))


async def _read(response: httpx2.Response) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > MOST_BYTES:
            raise ProviderMistaken(f"{response.url.copy_with(query=None)} answers more than {MOST_BYTES} bytes")
    return bytes(data)


def _object(data: bytes, where: httpx2.URL, status: int) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ProviderMistaken(f"{where} answers {status} without a JSON object")
    return body
