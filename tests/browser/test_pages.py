"""Every page, once in each theme, language and width, in pairs; every combination of them in the slow tests."""

import re
from itertools import product

import pytest
from playwright.async_api import expect

from tests.browser.cast import Entrance, Language, Look, Scheme
from tests.browser.pages import PAGES, Shown
from tests.browser.reading import barriers, too_wide

# Four of the eight hold every pair of theme, language and width.
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LANGUAGES: tuple[Language, ...] = ("en", "de")
LOOKS: list[Look] = [
    {"scheme": scheme, "language": language, "width": width}
    for scheme, language, width in product(SCHEMES, LANGUAGES, (1280, 320))
]
PAIRS = [LOOKS[0], LOOKS[3], LOOKS[5], LOOKS[6]]
GRID = [pytest.param(look, marks=[] if look in PAIRS else pytest.mark.slow) for look in LOOKS]


def name_of(given: object) -> str:
    if isinstance(given, Shown):
        return given.name
    return "-".join(map(str, given.values())) if isinstance(given, dict) else str(given)


@pytest.mark.parametrize("look", GRID, ids=name_of)
@pytest.mark.parametrize("shown", PAGES, ids=name_of)
async def test_everybody_can_use_it(enter: Entrance, shown: Shown, look: Look) -> None:
    """WCAG 2.2 AA, as far as a program can tell."""
    page = await enter.again(shown.who, shown.path, **look)
    if shown.act:
        await shown.act(page)

    await expect(page.locator("html")).to_have_attribute("lang", look["language"])
    await expect(page).to_have_title(re.compile(r"^(Error: |Fehler: )?\S.* · Northwind Energy$"))
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert await too_wide(page) == []
    assert await barriers(page) == []
