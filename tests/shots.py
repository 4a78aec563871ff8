"""A picture of every page, to be looked at: `python -m tests.shots [page ...]` writes them to var/shots.

In both themes and both widths, English throughout and German in two of the four. A page that is missing or cannot be
got into the state that its name says is told. `python -m tests.shots readme` takes the one in the README instead.
"""

import asyncio
import sys
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from playwright.async_api import Error
from sqlalchemy import URL, make_url

from portal.catalogue import load
from portal.db.database import Role
from portal.db.embedded import embedded
from portal.db.migrations import migrate
from portal.db.roles import initialise
from portal.demo.load import load as load_demo
from portal.paths import resource
from tests.browser.cast import ALICE, GRACE, Entrance, Look, Scheme, open_chromium
from tests.browser.pages import CARD, PAGES, Shown
from tests.browser.reading import too_wide
from tests.browser.record_page import RecordPage
from tests.browser.stack import LOG_ORIGIN, running_stack
from tests.conftest import PASSWORD, connect_embedded_crm, make_settings, open_stores

OUT = Path("var/shots")
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
GERMAN: tuple[tuple[Scheme, int], ...] = (("light", 1280), ("dark", 320))


def main(names: list[str]) -> int:
    """Take the pictures; gives how many pages could not be taken."""
    OUT.mkdir(parents=True, exist_ok=True)
    home = Path(mkdtemp(prefix="portal-shots-"))
    home.chmod(0o755)
    with embedded(home, durable=False) as server, TemporaryDirectory() as folder:
        return asyncio.run(_take(names, _database(server.admin_url), Path(folder)))


def _database(admin_url: str) -> URL:
    initialise(admin_url, dict.fromkeys(Role, PASSWORD), database="portal_shots")
    url = make_url(admin_url).set(database="portal_shots", drivername="postgresql+psycopg")
    migrate(url.set(username=Role.OWNER.user, password=PASSWORD))
    connect_embedded_crm(url)
    return url


async def _take(names: list[str], database: URL, folder: Path) -> int:
    settings = make_settings(database, log_origin=LOG_ORIGIN)
    async with open_stores(settings, load(resource("catalogue.toml"))) as stores:
        await load_demo(settings, stores.worker)
    async with running_stack(database, folder) as stack, open_chromium() as browser:
        await stack.wait_until_delivered()
        enter = Entrance(browser, stack, {})
        failures = 0
        for shown in PAGES:
            if not names or shown.name in names:
                failures += await _show(enter, shown)
        if "readme" in names:
            await _readme(enter)
        for problem in await enter.leave():
            print(problem)
        return failures


async def _show(enter: Entrance, shown: Shown) -> bool:
    try:
        for look in _looks():
            await _picture(enter, shown, look)
    except (Error, AssertionError) as error:
        print(f"{shown.name}: {str(error).splitlines()[0]}")
        return True
    return False


def _looks() -> list[Look]:
    english: list[Look] = [
        {"scheme": scheme, "width": width, "language": "en"} for scheme, width in product(SCHEMES, (1280, 320))
    ]
    german: list[Look] = [{"scheme": scheme, "width": width, "language": "de"} for scheme, width in GERMAN]
    return english + german


async def _picture(enter: Entrance, shown: Shown, look: Look) -> None:
    page = await enter.again(shown.who, shown.path, **look)
    if shown.act:
        await shown.act(page)
    await page.evaluate("document.fonts.ready")
    name = f"{shown.name}-{look['width']}-{look['scheme']}-{look['language']}"
    if wide := await too_wide(page):
        print(f"{name}: too wide: {wide}")
    await page.screenshot(path=OUT / f"{name}.png", full_page=True)


async def _readme(enter: Entrance) -> None:
    """Alice's record, a moment after she changed something and Grace looked."""
    hers = RecordPage(await enter(ALICE))
    await enter(GRACE, CARD)
    form = await hers.change("About you")
    await form.get_by_label("Preferred language").select_option(label="French")
    await hers.save(form)
    await hers.sees_it_arrive("About you")
    await hers.page.goto("/record?card=profile-about&saved=14")
    await hers.page.set_viewport_size({"width": 1280, "height": 1180})
    await hers.page.screenshot(path="docs/record.png")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
