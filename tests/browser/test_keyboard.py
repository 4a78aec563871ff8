"""The record page without a mouse."""

import re

from playwright.async_api import expect

from tests.browser.cast import ALICE, GRACE, Entrance, Somebody
from tests.browser.pages import CARD
from tests.browser.record_page import RecordPage

# What an element is, whichever copy of it stands there: a live update may put a new one in its place meanwhile.
NAMED = """const named = (e) => [e.tagName, e.id, e.name, e.getAttribute("href"), e.textContent.trim()].join(" ");"""

# What a keyboard has to reach: everything that can be used and is there to be seen.
USABLE = """() => { NAMED
  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  const seen = [...document.querySelectorAll(usable)].filter((e) =>
    !e.disabled && e.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }));
  return seen.map(named);
}""".replace("NAMED", NAMED)

# Where the focus is, whether one sees that, and whether something lies on top of it.
FOCUSED = """() => { NAMED
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, innerHeight / 2));
  return {
    name: named(element),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    covered: !(at && (element.contains(at) || at.contains(element) || at.closest("label")?.contains(element))),
    what: element.outerHTML.slice(0, 120),
  };
}""".replace("NAMED", NAMED)


async def test_the_keyboard_reaches_everything_and_one_sees_where_it_is(enter: Entrance) -> None:
    page = await enter(ALICE)
    usable: list[str] = await page.evaluate(USABLE)
    assert len(usable) > 25

    reached = set()
    for _ in usable:
        await page.keyboard.press("Tab")
        focus = await page.evaluate(FOCUSED)
        assert focus["outlined"], f"no outline: {focus['what']}"
        assert not focus["covered"], f"covered: {focus['what']}"
        reached.add(focus["name"])

    assert [name for name in usable if name not in reached] == []


async def test_the_first_key_leads_past_the_menus(enter: Entrance) -> None:
    page = await enter(ALICE)
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()

    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")

    assert await page.evaluate("document.activeElement.closest('main') !== null")


async def test_a_change_is_made_without_a_mouse_and_the_focus_is_never_lost(enter: Entrance, alice: Somebody) -> None:
    page = await enter(alice)
    hers = RecordPage(page)
    await page.locator("#profile-about-edit").focus()

    # When the form opens, its first field has the focus
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("First name")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Call me")).to_be_focused()
    await page.keyboard.type("Ally")
    await page.keyboard.press("Enter")

    # Then what it became has it
    await expect(hers.card("About you").locator(".saved")).to_be_focused()
    await hers.sees_it_arrive("About you")
    await expect(hers.card("About you").locator(".saved")).to_be_focused()

    # And who cancels is back where they began
    await page.locator("#profile-about-edit").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("First name")).to_be_focused()
    await hers.card("About you").get_by_role("link", name="Cancel").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#profile-about-edit")).to_be_focused()
    await expect(page.locator("#profile-about-edit")).to_have_text(re.compile("Change"))


async def test_the_menu_opens_and_closes_by_key(enter: Entrance) -> None:
    page = await enter.again(ALICE, "/record")
    menu = page.locator("summary").filter(has_text="Alice")
    await menu.focus()

    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Log out")).to_be_visible()
    await page.keyboard.press("Escape")

    await expect(page.get_by_role("button", name="Log out")).to_be_hidden()


async def test_a_slash_leads_an_agent_to_the_search(enter: Entrance) -> None:
    page = await enter.again(GRACE, CARD)

    await page.keyboard.press("/")

    await expect(page.get_by_label("Find a customer")).to_be_focused()
    await expect(page.get_by_label("Find a customer")).to_have_value("")
