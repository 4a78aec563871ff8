"""Every page, once in each theme, language and width, in pairs; every combination of them in the slow tests."""

import re
from itertools import product

import pytest
from playwright.async_api import expect

from portal.demo.people import PEOPLE
from portal.dev.logins import LOGINS
from portal.record.flat import flatten
from portal.record.read import read
from tests.browser.cast import Entrance, Language, Look, Scheme
from tests.browser.pages import ALICE_ID, PAGES, Shown
from tests.browser.reading import barriers, texts, too_wide
from tests.conftest import Stores

# Four of the eight hold every pair of theme, language and width.
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
LANGUAGES: tuple[Language, ...] = ("en", "de")
LOOKS: list[Look] = [
    {"scheme": scheme, "language": language, "width": width}
    for scheme, language, width in product(SCHEMES, LANGUAGES, (1280, 320))
]
PAIRS = [LOOKS[0], LOOKS[3], LOOKS[5], LOOKS[6]]
GRID = [pytest.param(look, marks=[] if look in PAIRS else pytest.mark.slow) for look in LOOKS]

# Words that are the same in both languages, or are names.
SAME_IN_BOTH = {
    *("northwind", "energy", "mallory", "name", "test", "ally", "all", "ee"),
    *("crm", "csv", "json", "postgresql", "python", "optional", "demo", "cli", "embedded"),
}


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
    assert await barriers(page, shown.part) == []


@pytest.fixture(scope="session")
async def peoples_own_words(records: Stores) -> set[str]:
    """What the demo's people are called, and what they typed."""
    alice = await read(records.worker.database, records.worker.keys, ALICE_ID)
    assert alice
    typed = [str(value) for value in flatten(alice.record).values()]
    return words_in(" ".join([*typed, *(person.name for person in PEOPLE), *(login.name for login in LOGINS)]))


@pytest.mark.parametrize("shown", PAGES, ids=name_of)
async def test_in_german_it_says_nothing_in_english(enter: Entrance, shown: Shown, peoples_own_words: set[str]) -> None:
    """What reads the same in both languages is made of names, of what people typed, and of few words besides."""
    said = []
    for language in LANGUAGES:
        page = await enter.again(shown.who, shown.path, language=language)
        if shown.act:
            await shown.act(page)
        said.append(await texts(page))

    same = {text for text in said[0] & said[1] if words_in(text) - peoples_own_words - SAME_IN_BOTH}
    assert same == set()


def words_in(text: str) -> set[str]:
    """Without what has digits in it: ids, hashes, times."""
    return set(re.findall(r"(?<![\w-])[^\W\d_]{2,}(?![\w-])", text.casefold()))
