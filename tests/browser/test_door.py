"""Coming in and going out."""

from playwright.async_api import expect

from tests.browser.cast import Entrance


async def test_a_stranger_sees_what_this_is_and_nothing_of_anybody(enter: Entrance) -> None:
    page = await enter()
    await expect(page.get_by_role("heading", level=1)).to_have_text("See what we know about you. Set it right.")
    await expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()
