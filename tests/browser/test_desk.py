"""An agent on the phone: find, see, and never lose what is half typed."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.cast import GRACE, Entrance, Somebody
from tests.browser.record_page import RecordPage
from tests.browser.stack import Stack
from tests.builders import a_customer, a_note
from tests.conftest import Stores

NOTE = "The engineer may use the key at number 12."
HALF = "Thank you, I have put it on"


@pytest.fixture
async def desk(enter: Entrance, stack: Stack, alice: Somebody) -> Page:
    await stack.wait_until_delivered()
    return await enter(GRACE)


async def test_results_come_while_she_types_and_enter_opens_a_number(desk: Page, alice: Somebody) -> None:
    await expect(desk.get_by_label("Find a customer")).to_be_focused()

    await desk.keyboard.type("alice mar")
    await expect(desk.get_by_role("listitem").filter(has_text=alice.number)).to_be_visible()
    await expect(desk).to_have_url(re.compile(r"/desk\?q=alice(\+|%20)mar$"))

    await desk.get_by_label("Find a customer").fill(alice.number)
    await desk.keyboard.press("Enter")
    await expect(desk).to_have_url(re.compile(rf"/desk/customers/{alice.id}$"))
    await expect(desk.get_by_role("heading", level=1)).to_have_text("Alice Marsh")


async def test_a_slash_goes_to_the_search_but_not_out_of_a_text(desk: Page, alice: Somebody) -> None:
    await desk.goto(f"/desk/customers/{alice.id}")

    await desk.keyboard.press("/")
    await expect(desk.get_by_label("Find a customer")).to_be_focused()

    await desk.locator("#section-account-edit").click()
    remark = desk.get_by_label("Internal remark")
    await remark.fill("24")
    await remark.press("End")
    await desk.keyboard.type("/7")
    await expect(remark).to_have_value("24/7")


async def test_what_the_customer_changes_meanwhile_leaves_a_half_typed_answer_alone(
    enter: Entrance, alice: Somebody, desk: Page
) -> None:
    # Given a customer with a note, and an agent who is about to answer it
    record = RecordPage(await enter(alice))
    await record.add_note(NOTE)
    await record.sees_it_arrive("What you told us")
    await desk.goto(f"/desk/customers/{alice.id}")
    await desk.get_by_role("link", name="Answer").click()
    answer = desk.get_by_label("Your answer")
    await answer.fill(HALF)

    # When the customer changes something, and the agent has it shown
    form = await record.change("About you")
    await form.get_by_label("Preferred language").select_option(label="French")
    await record.save(form)
    await expect(desk.locator("#live")).to_contain_text("The customer, just now: Preferred language.")
    await expect(desk.locator("#head")).to_contain_text("French preferred")
    await desk.locator("#live").get_by_role("link", name="Show").click()

    # Then it is there and marked, the answer still half typed, and can be sent
    await expect(desk.locator("#section-about ins")).to_have_text("French")
    await expect(answer).to_have_value(HALF)
    await answer.fill(f"{HALF} the order.")
    await desk.get_by_role("button", name="Send the answer").click()
    await expect(desk.locator("#notes .saved")).to_contain_text("In the CRM at")
    await expect(desk.locator("#live")).not_to_contain_text("You")


async def test_everything_also_works_without_a_script(enter: Entrance, stack: Stack, records: Stores) -> None:
    stored = await a_customer(records.worker, values=a_note(NOTE), account_tier="home")
    await stack.wait_until_delivered()
    desk = await enter(GRACE, javascript=False)

    await desk.get_by_label("Find a customer").fill(stored.record.number)
    await desk.get_by_role("button", name="Search").click()
    await desk.get_by_role("link", name="Answer").click()
    await desk.get_by_label("Your answer").fill("Thank you.")
    await desk.get_by_role("button", name="Send the answer").click()
    await expect(desk.locator("#notes .saved")).to_contain_text("Saved.")

    await desk.locator("#section-account-edit").click()
    await desk.get_by_label("Plan").select_option(label="Business")
    await desk.get_by_role("button", name="Save").click()
    await expect(desk.locator("#section-account .saved")).to_contain_text("Saved in the CRM.")
    await expect(desk.locator("#section-account")).to_contain_text("Business")
