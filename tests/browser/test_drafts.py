"""A session that ends while somebody types takes no text along: it stands in its form again after the next login."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.cast import GRACE, Entrance, Somebody, choose_login
from tests.browser.pages import CARD
from tests.browser.record_page import SAVED, RecordPage
from tests.browser.stack import Stack

TYPED = "Ring twice.\nThe dog is deaf and sleeps behind the door."
LINE = "You typed this before you were logged out. It is not saved yet."

both = pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])


async def log_out_behind_the_back(stack: Stack, who: Somebody) -> None:
    async with stack.as_administrator() as administrator:
        if who.staff:
            await administrator.execute("DELETE FROM portal.session WHERE staff_id IS NOT NULL")
        else:
            await administrator.execute("DELETE FROM portal.session WHERE customer_id = %s", [who.id])


async def log_in(page: Page, who: Somebody) -> None:
    """Where the page has led, without anything more to be clicked."""
    await expect(page).to_have_url(re.compile(r"/oauth2/authorize\?"))
    await choose_login(page, who.login)


@both
async def test_what_she_types_into_a_card_is_there_after_the_login_and_saved_when_she_says_so(
    enter: Entrance, stack: Stack, alice: Somebody, scripts: bool
) -> None:
    # Given a card that she is typing into while her session ends
    hers = RecordPage(await enter(alice, javascript=scripts), scripts)
    form = await hers.change("What helps you")
    await form.get_by_label("Good to know").fill(TYPED)
    await log_out_behind_the_back(stack, alice)

    # When she saves, she is led to the login
    await hers.save(form)
    await log_in(hers.page, alice)

    # Then the form stands there as she left it, and says so before anything else
    await expect(hers.page.get_by_text(LINE)).to_be_visible()
    await expect(hers.page.get_by_label("Good to know")).to_have_value(TYPED)
    if scripts:
        await expect(hers.page.get_by_role("status").filter(has_text=LINE)).to_be_focused()

    # And it is saved when she says so
    await hers.page.get_by_role("button", name="Save", exact=True).click()
    if scripts:
        await expect(hers.page.locator(".saved")).to_have_text(SAVED)
    else:
        await hers.sees_it_arrive("What helps you")
    await hers.page.goto("/record/profile/service")
    await expect(hers.page.get_by_label("Good to know")).to_have_value(TYPED)
    await expect(hers.page.get_by_text(LINE)).to_have_count(0)


@both
async def test_a_note_can_be_thrown_away_instead(enter: Entrance, stack: Stack, alice: Somebody, scripts: bool) -> None:
    hers = RecordPage(await enter(alice, javascript=scripts), scripts)
    await hers.card("What you told us").get_by_label("Add a note").fill(TYPED)
    await log_out_behind_the_back(stack, alice)
    await hers.page.get_by_role("button", name="Save note").click()
    await log_in(hers.page, alice)
    await expect(hers.page.get_by_label("Add a note")).to_have_value(TYPED)

    await hers.page.get_by_role("button", name="Discard it").click()

    await expect(hers.page.get_by_text(LINE)).to_have_count(0)
    await expect(hers.page.get_by_label("Add a note")).to_have_value("")


async def test_a_switch_comes_back_and_waits_for_the_button(enter: Entrance, stack: Stack, alice: Somebody) -> None:
    # Given a page that does not hear of the end of her session
    hers = RecordPage(await enter(alice))
    await hers.page.route("**/record/live", lambda route: route.fulfill(status=204))
    await hers.page.reload()
    await log_out_behind_the_back(stack, alice)

    switch = hers.page.get_by_role("switch", name=re.compile(r"^E-mail\s*: Offers and news$"))
    await expect(switch).to_be_checked()
    await switch.click()
    await log_in(hers.page, alice)

    await expect(hers.page.get_by_text(LINE)).to_be_visible()
    await expect(switch).not_to_be_checked()
    await hers.page.get_by_role("button", name="Save what you agree to").click()

    await expect(hers.card("What you agree to").locator(".saved")).to_have_text(SAVED)
    await expect(switch).not_to_be_checked()


async def test_with_two_forms_open_the_page_stays_and_loses_neither(
    enter: Entrance, stack: Stack, alice: Somebody
) -> None:
    # Given a note that is half written, and a card that she is changing, when her session ends
    hers = RecordPage(await enter(alice))
    note = hers.card("What you told us").get_by_label("Add a note")
    await note.fill("A note, half wri")
    form = await hers.change("What helps you")
    await form.get_by_label("Good to know").fill(TYPED)
    await log_out_behind_the_back(stack, alice)

    # When she saves one of them, the page stays
    await hers.save(form)
    notice = hers.page.get_by_role("alert")
    await expect(notice).to_contain_text("You are logged out, so nothing was saved.")

    # And when she has logged in beside it, both forms are good again
    async with hers.page.context.expect_page() as opened:
        await notice.get_by_role("link", name="Log in").click()
    beside = await opened.value
    await log_in(beside, alice)
    await expect(beside.get_by_text(LINE)).to_be_visible()
    await hers.save(form)
    await expect(notice).to_contain_text("All that you typed is still here: send it once more.")
    await hers.save(form)
    await expect(hers.card("What helps you").locator(".saved")).to_have_text(SAVED)
    await expect(note).to_have_value("A note, half wri")
    await hers.page.get_by_role("button", name="Save note").click()
    await expect(hers.card("What you told us")).to_contain_text("A note, half wri")


async def test_a_switch_that_is_not_saved_on_a_page_that_stays_goes_back(
    enter: Entrance, stack: Stack, alice: Somebody
) -> None:
    hers = RecordPage(await enter(alice))
    await hers.card("What you told us").get_by_label("Add a note").fill("A note, half wri")
    await log_out_behind_the_back(stack, alice)
    switch = hers.page.get_by_role("switch", name=re.compile(r"^E-mail\s*: Offers and news$"))
    await expect(switch).to_be_checked()

    await switch.click()

    await expect(hers.page.get_by_role("alert")).to_contain_text("You are logged out, so nothing was saved.")
    await expect(switch).to_be_checked()


async def test_an_open_page_of_who_was_logged_out_shows_nothing_any_more(
    enter: Entrance, stack: Stack, alice: Somebody
) -> None:
    hers = RecordPage(await enter(alice))
    await expect(hers.page.get_by_role("heading", level=1)).to_contain_text("Alice")

    await log_out_behind_the_back(stack, alice)

    await expect(hers.page).to_have_url(re.compile(r"/oauth2/authorize\?"))


async def test_the_desk_keeps_what_an_agent_types(enter: Entrance, stack: Stack) -> None:
    desk = await enter(GRACE, CARD)
    await _answering(desk)
    await desk.get_by_label("Your answer").fill("It is on the order for Tuesday.")
    await log_out_behind_the_back(stack, GRACE)

    await desk.get_by_role("button", name="Send the answer").click()
    await log_in(desk, GRACE)

    await expect(desk.get_by_text(LINE)).to_be_visible()
    await expect(desk.get_by_label("Your answer")).to_have_value("It is on the order for Tuesday.")
    await desk.get_by_role("button", name="Discard it").click()
    await expect(desk.get_by_label("Your answer")).to_have_value("")


async def _answering(desk: Page) -> None:
    notes = desk.get_by_role("region", name="What the customer told us")
    await notes.get_by_role("link", name="Answer").first.click()
    await expect(desk.get_by_label("Your answer")).to_be_visible()
