"""The portal in this process, served, with real identity providers; and visitors who log in through their pages."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from socket import socket

from playwright.async_api import Browser, BrowserContext, Page
from sqlalchemy import URL

from portal import logs
from portal.app import create_app
from portal.settings import Settings
from tests.browser.cast import SECONDS_TO_SHOW
from tests.browser.watch import Watch
from tests.conftest import make_settings
from tests.integration.web.browsing import serving

Providers = Mapping[str, Mapping[str, object]]


@asynccontextmanager
async def house(database_url: URL, bound: socket, *, customers: Providers, staff: Providers) -> AsyncIterator[Settings]:
    """Serve the portal on a socket that already has its port, with the providers of each audience by name; gives its
    settings."""
    settings = make_settings(
        database_url, public_url=origin_of(bound), customer_oidc=customers, staff_oidc=staff, database_pool_size=2
    )
    logs.configure(settings)
    async with serving(create_app(settings), bound):
        yield settings


def origin_of(bound: socket) -> str:
    """The address of the portal on this socket."""
    return f"http://localhost:{bound.getsockname()[1]}"


@dataclass
class Doorstep:
    """Gives everybody a browser of their own, with nothing in it: `page = await come()`."""

    browser: Browser
    origin: str
    scripts: bool = True
    watches: dict[Page, Watch] = field(default_factory=dict)

    async def __call__(self, *, beside: Page | None = None) -> Page:
        """A new page in a new browser; or another tab of a browser that is there."""
        context = beside.context if beside else await self._open()
        context.set_default_timeout(SECONDS_TO_SHOW * 1000)
        page = await context.new_page()
        self.watches[page] = Watch(page)
        return page

    async def _open(self) -> BrowserContext:
        return await self.browser.new_context(base_url=self.origin, locale="en-GB", java_script_enabled=self.scripts)

    async def leave(self) -> list[str]:
        """Close all; gives what the browsers complained of in the portal. What is wrong elsewhere is not ours."""
        for context in {page.context for page in self.watches}:
            await context.close()
        problems = [problem for watch in self.watches.values() for problem in watch.problems]
        return [problem for problem in problems if self.origin in problem]
