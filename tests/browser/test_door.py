"""Coming in and going out."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.cast import GRACE, Entrance, Somebody, choose_login


async def test_a_stranger_sees_what_this_is_and_nothing_of_anybody(enter: Entrance) -> None:
    page = await enter()
    await expect(page.get_by_role("heading", level=1)).to_have_text("See what we know about you. Set it right.")
    await expect(page.get_by_role("banner").get_by_role("link", name="Log in")).to_be_visible()


async def test_whoever_asks_for_a_page_gets_there_after_the_login(enter: Entrance, alice: Somebody) -> None:
    page = await enter(path="/record/changes?before=3")

    await choose_login(page, alice.login)

    await expect(page).to_have_url(re.compile(r"/record/changes\?before=3$"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Everything that was changed")


async def test_who_turns_back_at_the_provider_is_told_so_and_can_try_again(enter: Entrance, alice: Somebody) -> None:
    page = await enter(path="/record")

    await page.get_by_role("button", name="Cancel").click()

    await expect(page.get_by_role("alert").filter(has_text="That did not work")).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name="Log in").click()
    await choose_login(page, alice.login)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Alice")


@pytest.mark.asvs("10.1.2")
async def test_two_tabs_can_log_in_at_once(enter: Entrance, alice: Somebody) -> None:
    first = await enter(path="/record")
    second = await first.context.new_page()
    await second.goto("/record/changes")

    await choose_login(first, alice.login)
    await choose_login(second, alice.login)

    await expect(first.get_by_role("heading", level=1)).to_contain_text("Alice")
    await expect(second.get_by_role("heading", level=1)).to_have_text("Everything that was changed")


async def test_staff_and_customers_keep_to_their_own_doors(enter: Entrance, alice: Somebody) -> None:
    """One browser may hold both sessions; neither opens the other's door."""
    page = await enter(alice)
    await page.goto("/desk")
    await expect(page).to_have_url(re.compile(r"/oauth2/authorize\?"))

    await choose_login(page, GRACE.login)

    await expect(page.get_by_label("Find a customer")).to_be_visible()
    await page.goto("/record")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Alice")
