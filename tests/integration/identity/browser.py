"""What a browser does in a login: follow addresses, keep cookies, and choose somebody at the provider."""

from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx2

if TYPE_CHECKING:
    from tests.integration.identity.conftest import Doors


class Browser:
    """One person's. `here` is the portal; the provider is reached over real HTTP."""

    def __init__(self, doors: "Doors") -> None:
        self.doors = doors
        self.here = httpx2.AsyncClient(transport=httpx2.ASGITransport(doors), base_url=doors.settings.origin)
        self.there = httpx2.AsyncClient(verify=False)  # nothing here is encrypted

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.here.aclose()
        await self.there.aclose()

    async def begin(self, path: str = "/login") -> str:
        """Click on "Log in": gives the provider's address that the browser is sent to."""
        response = await self.here.get(path)
        assert response.status_code == 303, response.text
        return str(response.headers["location"])

    async def choose(self, url: str, subject: str) -> str:
        """Log in at the demo's provider: gives the address that it sends the browser back to."""
        response = await self.there.post(url, data={"sub": subject})
        assert response.status_code == 302, response.text
        return str(response.headers["location"])

    async def decline(self, url: str) -> str:
        response = await self.there.post(url, data={"action": "deny"})
        return str(response.headers["location"])

    async def come_back(self, address: str) -> httpx2.Response:
        """To the address that the provider sends to, and on to the page that says why nobody was let in."""
        parts = urlsplit(address)
        response = await self.here.get(f"{parts.path}?{parts.query}")
        if response.headers.get("location", "").startswith("/login/outcome"):
            return await self.here.get(response.headers["location"])
        return response

    async def log_in(self, subject: str, path: str = "/login") -> httpx2.Response:
        """The whole way: gives what the person comes to."""
        return await self.come_back(await self.choose(await self.begin(path), subject))

    def cookie(self, name: str) -> str | None:
        return next((cookie.value for cookie in self.here.cookies.jar if cookie.name == name), None)

    def put_cookie(self, name: str, value: str) -> None:
        """Have a cookie set as if by the portal, so that it is sent, and replaced by what the portal sets."""
        host = urlsplit(self.doors.settings.origin).hostname or ""
        self.here.cookies.set(name, value, domain=host if "." in host else f"{host}.local")


def asked(url: str) -> dict[str, str]:
    """What an authorization address asks for."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def a_subject(name: str) -> str:
    """A subject that no other test has."""
    return f"{name}-{uuid4().hex[:12]}"


async def known_at(issuer: str, subject: str, **claims: object) -> str:
    """Make the demo's provider know somebody."""
    async with httpx2.AsyncClient(verify=False) as http:
        response = await http.put(f"{issuer}/users/{subject}", json=claims)
        assert response.status_code == 204, response.text
    return subject
