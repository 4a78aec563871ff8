"""Who uses the portal in these tests, and how they get in."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypedDict, Unpack
from uuid import UUID

from playwright.async_api import Browser, BrowserContext, Page, StorageState, async_playwright, expect

from portal.record.models import System
from portal.record.read import StoredRecord
from tests.browser.stack import Stack
from tests.browser.watch import Watch
from tests.chromium import ARGUMENTS, find


@dataclass(frozen=True)
class Somebody:
    """Whom the identity provider knows, by `login`; `home` is where they arrive when they have signed in."""

    login: str
    home: str
    id: UUID | None = None
    number: str = ""
    staff: bool = False
    email: str = ""

    @property
    def sign_in(self) -> str:
        return "/login?as=staff" if self.staff else "/login"


ALICE = Somebody("alice", "/record", number="20418")
BOB = Somebody("bob", "/record", number="20977")
GRACE = Somebody("grace", "/desk", staff=True)
OSCAR = Somebody("oscar", "/audit", staff=True)
OLIVIA = Somebody("olivia", "/operations", staff=True)


def a_login(record: StoredRecord) -> Somebody:
    """The login of a customer of one test alone."""
    customer = record.record
    email = next((point.value for point in customer.contact_points if point.system is System.EMAIL), "")
    return Somebody(f"login-{customer.number}", "/record", customer.id, customer.number, email=email)


SECONDS_TO_SHOW = 15
"""How long a page may take, on a machine that is busy with other things, to show what it should."""

Scheme: TypeAlias = Literal["light", "dark"]
Language: TypeAlias = Literal["en", "de"]


class Look(TypedDict, total=False):
    """How somebody looks at the portal."""

    javascript: bool
    width: int
    scheme: Scheme
    language: Language


@dataclass
class Remembered:
    """What is kept for who looks at many pages, test after test: who has signed in, and browsers that are left open."""

    logins: dict[tuple[str, Language], StorageState] = field(default_factory=dict)
    browsers: dict[str, BrowserContext] = field(default_factory=dict)


@dataclass
class Entrance:
    """Gives everybody a browser of their own: `page = await enter(alice, javascript=False)`."""

    browser: Browser
    stack: Stack
    remembered: Remembered
    watches: dict[Page, Watch] = field(default_factory=dict)

    async def __call__(self, who: Somebody | None = None, path: str | None = None, **look: Unpack[Look]) -> Page:
        """Open a page, as a stranger or signed in through the provider's own page, at `path` or where one arrives."""
        page = await self._page(await self._open(look))
        if who is not None:
            await page.goto(who.sign_in)
            await choose_login(page, who.login)
            await expect(page).to_have_url(re.compile(rf"{re.escape(self.stack.url)}{who.home}"))
            await _speak(page, look.get("language", "en"))
        if who is None or path is not None:
            await page.goto(path or "/")
        return page

    async def again(self, who: Somebody | None, path: str, **look: Unpack[Look]) -> Page:
        """The same in a browser that was left open, where they are still signed in."""
        if who is None or who.home.startswith("/login"):
            return await self(who, path or None, **look)
        login = (who.login, look.get("language", "en"))
        if login not in self.remembered.logins:
            page = await self(who, **look)
            self.remembered.logins[login] = await page.context.storage_state()
        browser = f"{who.login} {sorted(look.items())}"
        if browser not in self.remembered.browsers:
            self.remembered.browsers[browser] = await self._open(look, self.remembered.logins[login])
        page = await self._page(self.remembered.browsers[browser])
        await page.goto(path)
        return page

    def watch(self, page: Page) -> Watch:
        return self.watches[page]

    async def leave(self) -> list[str]:
        """Close everything but what is remembered; gives what the browsers complained of."""
        for page in self.watches:
            await (page if page.context in self.remembered.browsers.values() else page.context).close()
        return [problem for watch in self.watches.values() for problem in watch.problems]

    async def _open(self, look: Look, kept: StorageState | None = None) -> BrowserContext:
        context = await self.browser.new_context(
            base_url=self.stack.url,
            storage_state=kept,
            java_script_enabled=look.get("javascript", True),
            viewport={"width": look.get("width", 1280), "height": 900},
            color_scheme=look.get("scheme", "light"),
            locale={"en": "en-GB", "de": "de-DE"}[look.get("language", "en")],
            timezone_id="Europe/London",
            reduced_motion="reduce",
        )
        context.set_default_timeout(SECONDS_TO_SHOW * 1000)
        return context

    async def _page(self, context: BrowserContext) -> Page:
        page = await context.new_page()
        self.watches[page] = Watch(page)
        return page


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    """A browser without windows, for the length of an `async with` block."""
    path = find()
    assert path, "No Chromium was found: python -m tests.chromium looks for one, and installs it."
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(path), args=ARGUMENTS)
        yield browser
        await browser.close()


async def choose_login(page: Page, login: str) -> None:
    """On the provider's page: one of those it offers, or somebody whose login it does not show."""
    offered = page.locator(f"button[name=sub][value='{login}']")
    if await offered.count():
        await offered.click()
        return
    await page.locator("summary").click()
    await page.get_by_label("Login").fill(login)
    await page.get_by_role("button", name="Sign in").click()


async def _speak(page: Page, language: str) -> None:
    """Choose the other language if the page does not speak this one yet."""
    await page.wait_for_load_state()
    if await page.locator("html").get_attribute("lang") != language:
        await page.locator(f"button[name=language][value={language}]:visible").first.click()
        await expect(page.locator("html")).to_have_attribute("lang", language)
