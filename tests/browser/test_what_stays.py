"""What a browser keeps of somebody, and whom its pages listen to."""

import re

import pytest
from playwright.async_api import Page

from tests.browser.cast import Entrance, Somebody
from tests.browser.record_page import RecordPage

TOKEN = re.compile(r"[\w-]{43}")

KEPT = """async () => ({
    local: Object.keys(localStorage), session: Object.keys(sessionStorage), caches: await caches.keys(),
    databases: (await indexedDB.databases()).map(found => found.name),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
})"""

NOTHING = {"local": [], "session": [], "caches": [], "databases": [], "workers": 0}


@pytest.mark.asvs("3.5.5", "14.3.1", "14.3.3")
async def test_a_browser_keeps_a_token_and_nothing_of_the_person(enter: Entrance, alice: Somebody) -> None:
    hers = RecordPage(await enter(alice))
    form = await hers.change("About you")
    await form.get_by_label("Preferred language").select_option(label="French")
    await hers.save(form)
    await hers.add_note("The key is under the mat.")
    await hers.page.goto("/record/changes")

    assert await hers.page.evaluate(KEPT) == NOTHING
    for cookie in await hers.page.context.cookies(hers.page.url):
        assert cookie["httpOnly"], cookie["name"]
        assert TOKEN.fullmatch(cookie["value"]), f"{cookie['name']}: {cookie['value']}"
    assert await listeners(hers.page) == 0

    # When she logs out, then going back shows nothing of hers: no page was kept.
    await hers.page.goto("/record")
    await hers.page.locator("summary").filter(has_text="Alice Marsh").click()
    await hers.page.get_by_role("button", name="Log out").click()
    await hers.page.wait_for_url(re.compile("/oauth2/end_session"))
    assert [cookie for cookie in await hers.page.context.cookies(enter.stack.url) if "session" in cookie["name"]] == []
    await hers.page.goto(f"{enter.stack.url}/record")
    assert "The key is under the mat." not in await hers.page.content()


async def listeners(page: Page) -> int:
    """How many wait for messages of other windows."""
    session = await page.context.new_cdp_session(page)
    asked = "(getEventListeners(window).message ?? []).length"
    answer = await session.send("Runtime.evaluate", {"expression": asked, "includeCommandLineAPI": True})
    return int(answer["result"]["value"])
