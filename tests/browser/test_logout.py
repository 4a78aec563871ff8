"""Going out: here first, and then at the provider."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.cast import Entrance, Somebody


@pytest.mark.asvs("7.4.1", "7.4.4")
@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
async def test_logging_out_ends_the_session_here_and_goes_on_to_the_provider(
    enter: Entrance, alice: Somebody, javascript: bool
) -> None:
    page = await enter(alice, javascript=javascript)
    await page.locator("summary").filter(has_text="Alice Marsh").click()

    await page.get_by_role("button", name="Log out").click()

    # The provider asks whether to end its session too; ours has ended already.
    await expect(page).to_have_url(re.compile(r"/oauth2/end_session\?"))
    await page.get_by_role("button", name="End session").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("See what we know about you. Set it right.")
    await page.goto("/record")
    await expect(page).to_have_url(re.compile(r"/oauth2/authorize\?"))
