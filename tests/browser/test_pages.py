"""Every page, once in each theme, language and width, in pairs; every combination of them in the slow tests."""

import re

import pytest
from playwright.async_api import expect

from portal.demo.people import PEOPLE
from portal.dev.logins import LOGINS
from portal.record.flat import flatten
from portal.record.read import read
from tests.browser.cast import OSCAR, Entrance, Language, Look, wear
from tests.browser.pages import ALICE_ID, PAGES, Shown
from tests.browser.reading import barriers, texts, too_wide
from tests.conftest import Stores

LANGUAGES: tuple[Language, ...] = ("en", "de")
# Four of the eight hold every pair of theme, language and width. A page is opened in the first of each language and
# takes on the other while it is open.
PAIRS: dict[Language, list[Look]] = {
    "en": [
        {"language": "en", "scheme": "dark", "width": 320},
        {"language": "en", "scheme": "light", "width": 1280},
    ],
    "de": [
        {"language": "de", "scheme": "dark", "width": 1280},
        {"language": "de", "scheme": "light", "width": 320},
    ],
}
REST: dict[Language, list[Look]] = {
    "en": [{**look, "language": "en"} for look in PAIRS["de"]],
    "de": [{**look, "language": "de"} for look in PAIRS["en"]],
}
GRID = [pytest.param(PAIRS, id="pairs"), pytest.param(REST, id="rest", marks=pytest.mark.slow)]

# Words that are the same in both languages, or are names.
SAME_IN_BOTH = {
    *("northwind", "energy", "mallory", "name", "test", "ally", "all", "ee"),
    *("crm", "csv", "json", "postgresql", "python", "optional", "demo", "cli", "embedded"),
}


def name_of(shown: Shown) -> str:
    return shown.name


@pytest.mark.parametrize("looks", GRID)
@pytest.mark.parametrize("shown", PAGES, ids=name_of)
async def test_everybody_can_use_it(
    enter: Entrance, subtests: pytest.Subtests, shown: Shown, looks: dict[Language, list[Look]], own_words: set[str]
) -> None:
    """WCAG 2.2 AA, as far as a program can tell; and in German it says nothing in English."""
    said = []
    for language in LANGUAGES:
        page = await enter.again(shown.who, shown.path, **looks[language][0])
        if shown.act:
            await shown.act(page)
        await expect(page.locator("html")).to_have_attribute("lang", language)
        await expect(page).to_have_title(re.compile(r"^(Error: |Fehler: )?\S.* · Northwind Energy$"))
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        said.append(await texts(page))
        for look in looks[language]:
            await wear(page, look)
            with subtests.test(**look):
                assert await too_wide(page) == []
                assert await barriers(page, shown.part) == []
    # What reads the same in both languages is made of names, of what people typed, and of few words besides.
    assert {text for text in said[0] & said[1] if words_in(text) - own_words - SAME_IN_BOTH} == set()


@pytest.fixture(scope="session")
async def own_words(records: Stores) -> set[str]:
    """What the demo's people are called, and what they typed."""
    alice = await read(records.worker.database, records.worker.keys, ALICE_ID)
    assert alice
    typed = [str(value) for value in flatten(alice.record).values()]
    return words_in(" ".join([*typed, *(person.name for person in PEOPLE), *(login.name for login in LOGINS)]))


def words_in(text: str) -> set[str]:
    """Without what has digits in it: ids, hashes, times."""
    return set(re.findall(r"(?<![\w-])[^\W\d_]{2,}(?![\w-])", text.casefold()))


async def test_an_entry_of_the_log_stays_within_its_card_on_a_phone(enter: Entrance) -> None:
    page = await enter.again(OSCAR, "/audit", language="de", scheme="light", width=320)

    outside = await page.locator(".log").evaluate(
        "log => [...log.querySelectorAll('tbody :is(time, code, .where, a)')].filter("
        "e => e.getBoundingClientRect().right > log.getBoundingClientRect().right + .5).map(e => e.textContent)"
    )

    assert await page.locator(".log tbody tr").count() > 0
    assert outside == []
