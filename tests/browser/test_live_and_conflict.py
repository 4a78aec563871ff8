"""Two at once, and what goes wrong on the way: nothing that somebody typed is ever lost."""

import re

import pytest
from playwright.async_api import Route, expect

from tests.browser.cast import GRACE, Entrance, Somebody
from tests.browser.desk_page import change_plan
from tests.browser.record_page import SAVED, RecordPage

TYPED = "The engineer may use the key at number 12, and must ring twice."


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
async def test_of_two_who_change_the_same_the_second_is_asked(enter: Entrance, alice: Somebody, scripts: bool) -> None:
    # Given the same form, open in two places
    first = RecordPage(await enter(alice, javascript=scripts), scripts)
    second = RecordPage(await enter(alice, javascript=scripts), scripts)
    one, other = await first.change("About you"), await second.change("About you")

    # When both change the language, and the second one something else as well
    await one.get_by_label("Preferred language").select_option(label="French")
    await first.save(one)
    await first.sees_it_arrive("About you")
    await other.get_by_label("Preferred language").select_option(label="Spanish")
    await other.get_by_label("Call me").fill("Ally")
    await second.save(other)

    # Then the second one sees all three, and what does not overlap
    conflict = second.card("Choose what shall stand")
    language = conflict.get_by_role("group", name="Preferred language")
    for what, words in (("What you saw", "English"), ("What it is now", "French"), ("What you typed", "Spanish")):
        await expect(language.locator(".version").filter(has_text=what)).to_contain_text(words)
    await expect(conflict).to_contain_text("Call me: ")
    await expect(conflict).to_contain_text("Ally")
    await expect(language.get_by_label("What you typed")).to_be_checked()

    # When they insist on what they typed, then it stands, and so does the rest
    await second.save(conflict, "Save my choice")
    await second.sees_it_arrive("About you")
    await expect(second.value("About you", "Preferred language")).to_contain_text("Spanish")
    await expect(second.value("About you", "Call me")).to_contain_text("Ally")


async def test_in_a_conflict_one_may_also_leave_it_as_it_is(enter: Entrance, alice: Somebody) -> None:
    first, second = RecordPage(await enter(alice)), RecordPage(await enter(alice))
    one, other = await first.change("About you"), await second.change("About you")
    await one.get_by_label("Preferred language").select_option(label="French")
    await first.save(one)
    await first.sees_it_arrive("About you")
    await other.get_by_label("Preferred language").select_option(label="Spanish")
    await other.get_by_label("Call me").fill("Ally")
    await second.save(other)

    conflict = second.card("Choose what shall stand")
    await conflict.get_by_role("group", name="Preferred language").get_by_label("What it is now").check()
    await second.save(conflict, "Save my choice")

    await second.sees_it_arrive("About you")
    await expect(second.value("About you", "Preferred language")).to_contain_text("French")
    await expect(second.value("About you", "Call me")).to_contain_text("Ally")


async def test_who_changes_something_else_is_not_asked(enter: Entrance, alice: Somebody) -> None:
    first, second = RecordPage(await enter(alice)), RecordPage(await enter(alice))
    one, other = await first.change("About you"), await second.change("About you")

    await one.get_by_label("Preferred language").select_option(label="French")
    await first.save(one)
    await first.sees_it_arrive("About you")
    await other.get_by_label("Call me").fill("Ally")
    await second.save(other)

    await expect(second.card("About you").locator(".saved")).to_have_text(SAVED)
    await expect(second.value("About you", "Preferred language")).to_contain_text("French")
    await expect(second.value("About you", "Call me")).to_contain_text("Ally")


async def test_news_never_touch_what_somebody_is_typing(enter: Entrance, alice: Somebody) -> None:
    # Given Alice in the middle of a note, and with a form open
    hers = RecordPage(await enter(alice))
    form = await hers.change("What helps you")
    await form.get_by_label("Good to know").fill(TYPED)
    note = hers.card("What you told us").get_by_label("Add a note")
    await note.press_sequentially("The meter is in the")

    # When Grace changes something in her record
    desk = await enter(GRACE, f"/desk/customers/{alice.id}")
    await change_plan(desk, "Home plus")

    # Then Alice is told so quietly: focus and text stay, and so they do when she looks at it
    news = hers.page.locator("#live")
    await expect(news).to_contain_text("Grace Okafor, customer care changed something here just now.")
    await note.press_sequentially(" cellar")
    await expect(note).to_be_focused()
    await expect(hers.value("Your account", "Plan")).to_contain_text("Home")
    await news.get_by_role("link", name="Show").click()
    await expect(hers.value("Your account", "Plan")).to_contain_text("Home plus")
    await expect(note).to_have_value("The meter is in the cellar")
    await expect(form.get_by_label("Good to know")).to_have_value(TYPED)

    # And what she typed can be saved
    await hers.save(form)
    await hers.sees_it_arrive("What helps you")
    await expect(note).to_have_value("The meter is in the cellar")


async def test_the_desk_hears_of_changes_too(enter: Entrance, alice: Somebody) -> None:
    desk = await enter(GRACE, f"/desk/customers/{alice.id}")
    hers = RecordPage(await enter(alice))

    await hers.add_note(TYPED)

    await expect(desk.locator("#live")).to_contain_text("just now")
    await desk.locator("#live").get_by_role("link", name="Show").click()
    await expect(desk.get_by_role("article").filter(has_text=TYPED)).to_be_visible()


async def test_saving_twice_is_saving_once(enter: Entrance, alice: Somebody) -> None:
    hers = RecordPage(await enter(alice))
    notes = hers.card("What you told us")
    await notes.get_by_label("Add a note").fill(TYPED)

    await notes.get_by_role("button", name="Save note").dblclick()

    await hers.sees_it_arrive("What you told us")
    await hers.page.reload()
    await expect(notes.get_by_role("article")).to_have_count(1)


async def test_without_a_network_the_text_stays_and_can_be_saved_later(enter: Entrance, alice: Somebody) -> None:
    hers = RecordPage(await enter(alice))
    async with hers.page.expect_response("**/record/live"):
        await hers.page.reload()
    enter.watch(hers.page).expect("ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|Failed to fetch")
    note = hers.card("What you told us").get_by_label("Add a note")

    await hers.page.context.set_offline(True)
    await hers.add_note(TYPED)

    await expect(hers.page.get_by_role("alert")).to_contain_text("What you typed is still here.")
    await expect(note).to_have_value(TYPED)
    await hers.page.context.set_offline(False)
    await hers.card("What you told us").get_by_role("button", name="Save note").click()
    await hers.sees_it_arrive("What you told us")
    await expect(hers.page.get_by_role("alert")).to_be_empty()


async def test_when_a_proxy_answers_for_us_the_text_stays(enter: Entrance, alice: Somebody) -> None:
    hers = RecordPage(await enter(alice))
    enter.watch(hers.page).expect("502")

    async def bad_gateway(route: Route) -> None:
        await route.fulfill(
            status=502, content_type="text/html", body="<html><body><h1>502 Bad Gateway</h1></body></html>"
        )

    await hers.page.route("**/record/notes", bad_gateway)
    await hers.add_note(TYPED)

    await expect(hers.page.get_by_role("alert")).to_contain_text("What you typed is still here.")
    await expect(hers.card("What you told us").get_by_label("Add a note")).to_have_value(TYPED)
    await hers.page.unroute("**/record/notes")
    await hers.card("What you told us").get_by_role("button", name="Save note").click()
    await hers.sees_it_arrive("What you told us")


async def test_a_mistake_is_told_where_it_is_and_takes_the_focus(enter: Entrance, alice: Somebody) -> None:
    hers = RecordPage(await enter(alice))
    form = await hers.change("About you")
    await form.get_by_label("Call me").fill("Ally")
    await form.get_by_label("First name").fill("")

    await hers.save(form)

    summary = hers.page.get_by_role("alert").filter(has_text="There is a problem")
    await expect(summary).to_be_focused()
    await expect(hers.page).to_have_title(re.compile("^Error: "))
    await summary.get_by_role("link").click()
    await expect(form.get_by_label("First name")).to_be_focused()
    await expect(form.get_by_label("First name")).to_have_attribute("aria-invalid", "true")
    await expect(form.get_by_label("Call me")).to_have_value("Ally")
    await form.get_by_label("First name").fill("Alice")
    await hers.save(form)
    await hers.sees_it_arrive("About you")
    await expect(hers.page).not_to_have_title(re.compile("^Error: "))
