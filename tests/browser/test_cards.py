"""The cards of the record page under quick hands: keyboard, mouse, and more than one thing at a time."""

import asyncio

from playwright.async_api import expect

from tests.browser.cast import SECONDS_TO_SHOW, Entrance, Somebody
from tests.browser.record_page import IN_THE_CRM, RecordPage


async def test_switches_are_saved_as_fast_as_one_can_type(enter: Entrance, alice: Somebody) -> None:
    # Given the first of three switches under the keyboard
    page = await enter(alice)
    switches = [page.locator(f"#consent-surveys-{channel}") for channel in ("email", "phone", "text")]
    await switches[0].focus()
    answers = asyncio.Queue[int]()
    page.on("response", lambda answer: answers.put_nowait(answer.status) if answer.request.method == "POST" else None)

    # When they are used one after the other, and the first one once more, without waiting for an answer
    for key in ("Space", "Tab", "Space", "Tab", "Space", "Shift+Tab", "Shift+Tab", "Space"):
        await page.keyboard.press(key)

    # Then all of it is kept, in that order, and the focus is where it was left
    async with asyncio.timeout(SECONDS_TO_SHOW):
        assert [await answers.get() for _ in range(4)] == [200] * 4
    await expect(page.locator("#consents .saved")).to_have_text(IN_THE_CRM)
    await expect(switches[0]).to_be_focused()
    await page.reload()
    for switch, on in zip(switches, (False, True, True), strict=True):
        await expect(switch).to_be_checked(checked=on)


async def test_a_mended_form_is_sent_by_the_first_press(enter: Entrance, alice: Somebody) -> None:
    # Given a form that came back with words above its field
    page = await enter(alice)
    points = RecordPage(page).card("How to reach you")
    await points.get_by_role("link", name="Phone number").click()
    await points.get_by_label("Phone number").fill("020 79")
    await points.get_by_role("button", name="Save", exact=True).click()
    await expect(points.get_by_role("alert")).to_be_focused()

    # When the number is mended, so that the words go away while the button is pressed
    await points.get_by_label("Phone number").fill("020 7946 0991")
    await points.get_by_role("button", name="Save", exact=True).click()

    # Then the press counts
    await expect(points.locator(".saved")).to_have_text(IN_THE_CRM)
    await expect(points).to_contain_text("+44 20 7946 0991")


async def test_the_last_change_can_be_taken_back(enter: Entrance, alice: Somebody) -> None:
    record = RecordPage(await enter(alice))
    form = await record.change("About you")
    await form.get_by_label("Preferred language").select_option(label="French")
    await record.save(form)
    await record.sees_it_arrive("About you")

    await record.card("Where your changes are").get_by_role("button", name="Undo").click()

    await record.sees_it_arrive("Where your changes are")
    await expect(record.value("About you", "Preferred language")).to_contain_text("English")
