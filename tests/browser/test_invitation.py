"""From an invitation at the desk to the record, and from the queue of those who wait: as people do it, in a browser."""

import re
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from portal.record.read import StoredRecord
from tests.browser.cast import GRACE, Entrance, choose_login
from tests.browser.conftest import introduced
from tests.browser.reading import barriers, too_wide
from tests.browser.stack import Stack


async def somebody_new(stack: Stack, name: str) -> str:
    """Known to the identity provider, and not to the portal."""
    login = f"{name.casefold()}-{uuid4().hex[:8]}"
    await stack.introduce(login, name=name, email=f"{login}@web.example")
    return login


async def invite(desk: Page, customer: StoredRecord) -> tuple[str, str]:
    """Grace invites a customer: the code to read out, and the link."""
    await desk.goto(f"/desk/customers/{customer.record.id}")
    await desk.get_by_role("link", name="How they log in").click()
    await desk.get_by_role("link", name="Invite to log in").click()
    await desk.get_by_role("button", name="Make the invitation").click()
    await expect(desk.get_by_text("The code is shown this once")).to_be_visible()
    assert await barriers(desk) == [] and await too_wide(desk) == []
    return await desk.locator("#invitation-code").inner_text(), await desk.locator("#invitation-link").inner_text()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
async def test_an_invitation_opens_the_record_to_one_account(
    enter: Entrance, stack: Stack, alice_record: StoredRecord, scripts: bool
) -> None:
    await stack.wait_until_delivered()
    desk = await enter(GRACE)
    code, link = await invite(desk, alice_record)
    login = await somebody_new(stack, "Ally")

    page = await enter(path=link if scripts else "/invitation", javascript=scripts)
    if scripts:
        await expect(page.get_by_role("textbox", name="Invitation code")).to_have_value(code)
        assert page.url.endswith("/invitation"), "the code has left the address"
    else:
        await page.get_by_role("textbox", name="Invitation code").fill(code.lower().replace("-", " "))
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Now log in")
    assert not scripts or await barriers(page) == []
    await page.get_by_role("main").get_by_role("link", name="Log in").click()
    await choose_login(page, login)

    await expect(page.get_by_role("heading", level=1)).to_have_text("Connect this account?")
    await expect(page.get_by_role("main")).to_contain_text(f"Ally ({login}@web.example)")
    await expect(page.get_by_role("main")).not_to_contain_text("Marsh")
    assert not scripts or await barriers(page) == []
    await page.get_by_role("button", name="Connect this account").click()

    await expect(page).to_have_url(re.compile("/record$"))
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Alice")
    await page.goto("/record/changes")
    await expect(page.get_by_role("main")).to_contain_text(f"Ally ({login}@web.example), by invitation")
    await page.goto("/record/logins")
    await expect(page.get_by_role("region", name="Your accounts")).to_contain_text("in use now")
    await desk.reload()
    again = await enter(path="/invitation")
    await again.get_by_role("textbox", name="Invitation code").fill(code)
    await again.get_by_role("button", name="Go on").click()
    await expect(again.get_by_role("alert").first).to_contain_text("This invitation cannot be used any more.")


async def test_a_link_that_was_mangled_leaves_the_page_as_it_works(enter: Entrance) -> None:
    page = await enter(path="/invitation#PJ4T%")

    await expect(page.get_by_role("textbox", name="Invitation code")).to_have_value("PJ4T%")
    assert page.url.endswith("/invitation")


async def test_who_waits_is_connected_by_an_agent(enter: Entrance, stack: Stack, alice_record: StoredRecord) -> None:
    await stack.wait_until_delivered()
    login = await somebody_new(stack, "Zelda")
    page = await enter(path="/record")
    await choose_login(page, login)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your login is not connected to a record yet")

    desk = await enter(GRACE)
    await desk.get_by_role("link", name="Logins", exact=True).click()
    await desk.get_by_role("link", name="Zelda").click()
    await desk.get_by_label("Find the customer").fill(alice_record.record.number)
    await desk.get_by_role("main").get_by_role("button", name="Search").last.click()
    await desk.get_by_role("link", name=re.compile("^Compare")).click()
    await desk.get_by_role("button", name=re.compile("^Connect with Alice")).click()
    await expect(desk.get_by_role("status").first).to_contain_text("Connected.")

    await page.goto("/record")
    await choose_login(page, login)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Alice")


async def test_another_account_is_added_and_removed_again(
    enter: Entrance, stack: Stack, alice_record: StoredRecord
) -> None:
    alice = await introduced(stack, alice_record)
    login = await somebody_new(stack, "Work")
    page = await enter(alice, "/record/logins")

    await page.get_by_role("link", name="Add an account").click()
    await choose_login(page, login)
    await page.get_by_role("button", name="Connect this account").click()
    await expect(page.get_by_role("status").first).to_contain_text("The account is connected.")
    await page.get_by_role("link", name=re.compile(r"^Remove\s*: Work")).click()
    assert await barriers(page) == [] and await too_wide(page) == []
    await page.get_by_role("button", name="Remove this account").click()

    await expect(page.get_by_role("status").first).to_contain_text("Removed.")
    await expect(page.get_by_role("region", name="Your accounts").get_by_role("listitem")).to_have_count(1)
