"""Who uses the portal in these tests, and how they get in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypedDict, Unpack
from uuid import UUID

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

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
LOCALES: dict[Language, str] = {"en": "en-GB", "de": "de-DE"}
HEIGHT = 900


class Look(TypedDict, total=False):
    """How somebody looks at the portal."""

    javascript: bool
    width: int
    scheme: Scheme
    language: Language


Remembered: TypeAlias = dict[tuple[str, Language, bool], Page]
"""Pages that are left open for who looks at many, test after test: by login, language, and whether scripts run."""


@dataclass
class Entrance:
    """Gives everybody a browser of their own: `page = await enter(alice, javascript=False)`."""

    browser: Browser
    stack: Stack
    remembered: Remembered
    watches: dict[Page, Watch] = field(default_factory=dict)

    async def __call__(self, who: Somebody | None = None, path: str | None = None, **look: Unpack[Look]) -> Page:
        """Open a page, as a stranger or signed in, at `path` or where one arrives."""
        context = await self._open(look)
        language = look.get("language", "en")
        speaks = who is None or await self._sign_in(context, who, language)
        page = await self._page(context)
        if who is not None and not speaks:
            await page.goto(who.home)
            await _speak(page, language)
        await page.goto(path or (who.home if who else "/"))
        return page

    async def again(self, who: Somebody | None, path: str, **look: Unpack[Look]) -> Page:
        """The same in a page that was left open, where they are still signed in."""
        if who is None or who.home.startswith("/login"):
            return await self(who, path or None, **look)
        kept = (who.login, look.get("language", "en"), look.get("javascript", True))
        if kept in self.remembered:
            page = self.remembered[kept]
            self.watches.setdefault(page, Watch(page))
            await wear(page, look)
            await page.goto(path)
        else:
            page = self.remembered[kept] = await self(who, path, **look)
        return page

    def watch(self, page: Page) -> Watch:
        return self.watches[page]

    async def leave(self) -> list[str]:
        """Close everything but what is remembered; gives what the browsers complained of."""
        remembered = self.remembered.values()
        for page, watch in self.watches.items():
            # One that is left open neither listens nor asks any more.
            await (page.goto("about:blank") if page in remembered else page.context.close())
            watch.end()
        return [problem for watch in self.watches.values() for problem in watch.problems]

    async def _sign_in(self, context: BrowserContext, who: Somebody, language: Language) -> bool:
        """Go through the provider as a browser does, but without drawing the pages on the way; gives whether what one
        arrives at speaks the language. tests/browser/test_door.py and the walk look at those pages."""
        headers = {"accept-language": LOCALES[language]}
        asked = await context.request.get(who.sign_in, headers=headers)
        arrived = await context.request.post(asked.url, form={"sub": who.login}, headers=headers)
        assert arrived.url.startswith(f"{self.stack.url}{who.home}"), f"{arrived.url}: {await arrived.text()}"
        return f'<html lang="{language}"' in await arrived.text()

    async def _open(self, look: Look) -> BrowserContext:
        context = await self.browser.new_context(
            base_url=self.stack.url,
            java_script_enabled=look.get("javascript", True),
            viewport={"width": look.get("width", 1280), "height": HEIGHT},
            color_scheme=look.get("scheme", "light"),
            locale=LOCALES[look.get("language", "en")],
            timezone_id="Europe/London",
            reduced_motion="reduce",
        )
        context.set_default_timeout(SECONDS_TO_SHOW * 1000)
        return context

    async def _page(self, context: BrowserContext) -> Page:
        page = await context.new_page()
        self.watches[page] = Watch(page)
        return page


async def wear(page: Page, look: Look) -> None:
    """Give an open page another width and scheme, as somebody does who turns their phone or waits for the night."""
    await page.set_viewport_size({"width": look.get("width", 1280), "height": HEIGHT})
    await page.emulate_media(color_scheme=look.get("scheme", "light"))
    await page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


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
