"""Logging out elsewhere, as somebody does it."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.cast import GRACE, Entrance, Somebody, choose_login
from tests.browser.stack import Stack


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
async def test_she_logs_out_a_device_that_she_has_left_somewhere(
    enter: Entrance, alice: Somebody, scripts: bool
) -> None:
    # Given Alice's page, left open on another machine
    left_behind = await enter(alice)
    page = await enter(alice, javascript=scripts)
    await page.locator(".menu summary").click()
    await page.get_by_role("link", name="Your devices").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Where you are logged in")
    devices = page.get_by_role("region", name="Your devices").get_by_role("listitem")
    await expect(devices).to_have_count(2)
    await expect(devices.filter(has_text="this device")).to_have_count(1)

    # When she logs out there
    await page.get_by_role("button", name=re.compile("^Log out there")).click()

    # Then it is told, and the other page shows nothing of her any more
    await expect(page.get_by_role("status")).to_have_text("Logged out on 1 device.")
    await expect(devices).to_have_count(1)
    await expect(left_behind).to_have_url(re.compile(r"/oauth2/authorize\?"))


async def test_logging_out_everywhere_ends_at_the_provider_too(enter: Entrance, alice: Somebody) -> None:
    elsewhere = await enter(alice)
    page = await enter(alice, "/record/devices")

    await page.get_by_role("button", name="Log out everywhere, here too").click()

    await expect(page).to_have_url(re.compile(r"/oauth2/end_session\?"))
    await expect(elsewhere).to_have_url(re.compile(r"/oauth2/authorize\?"))
    await page.goto("/record")
    await expect(page).to_have_url(re.compile(r"/oauth2/authorize\?"))


async def test_staff_have_the_page_too(enter: Entrance) -> None:
    page = await enter(GRACE)
    await page.locator(".menu summary").click()
    await page.get_by_role("link", name="Your devices").click()

    await expect(page.get_by_text("this device")).to_be_visible()


async def test_after_a_while_she_shows_once_more_that_it_is_her(enter: Entrance, stack: Stack, alice: Somebody) -> None:
    # Given two devices on which she logged in this morning
    elsewhere = await enter(alice)
    page = await enter(alice, "/record/devices")
    async with stack.as_administrator() as administrator:
        await administrator.execute(
            "UPDATE portal.session SET authenticated_at = authenticated_at - interval '11 hours'"
            " WHERE customer_id = %s",
            [alice.id],
        )

    # When she wants to log out there, she is led to the login, and nothing has ended yet
    there = page.get_by_role("button", name=re.compile("^Log out there"))
    await there.click()
    await expect(page).to_have_url(re.compile(r"/oauth2/authorize\?"))
    await elsewhere.reload()
    await expect(elsewhere.get_by_role("heading", level=1)).to_contain_text("Alice")
    await choose_login(page, alice.login)

    # Then she comes back to the page, and may
    await expect(page.get_by_role("heading", level=1)).to_have_text("Where you are logged in")
    await there.click()
    await expect(page.get_by_role("status")).to_have_text("Logged out on 1 device.")
    await expect(elsewhere).to_have_url(re.compile(r"/oauth2/authorize\?"))
