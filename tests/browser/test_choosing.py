"""With several providers, people choose where they have their account: in their language, at any width, by keyboard."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import URL

from tests.browser.cast import Language, Scheme
from tests.browser.house import house, origin_of
from tests.browser.reading import barriers, too_wide
from tests.integration.identity.hostile import HostileProvider
from tests.integration.web.browsing import listening

LONG = "Northwind Energy Business Customers and Property Managers"
TOLD = {
    "en": ("Where do you have your account?", "Northwind account"),
    "de": ("Wo haben Sie Ihr Konto?", "Northwind-Konto"),
}


@pytest.fixture
async def origin(database_url: URL) -> AsyncIterator[str]:
    """A portal whose customers have their account at one of three providers, of which one is there."""
    with HostileProvider() as there, listening() as bound:
        customers = {
            "main": {"issuer": there.issuer, "label": "Northwind account", "label_de": "Northwind-Konto"},
            "business": {"issuer": "http://localhost:1", "label": LONG},
            "web_shop": {"issuer": "http://localhost:1"},
        }
        given = {name: {"client_id": "portal", "client_secret": "s", **one} for name, one in customers.items()}
        async with house(database_url, bound, customers=given, staff={}):
            yield origin_of(bound)


@pytest.mark.parametrize(
    ("scheme", "language", "width"),
    [("light", "en", 1280), ("light", "de", 320), ("dark", "en", 320), ("dark", "de", 1280)],
)
async def test_everybody_can_choose(
    chromium: Browser, origin: str, scheme: Scheme, language: Language, width: int
) -> None:
    context = await chromium.new_context(
        base_url=origin, locale=language, color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page = await context.new_page()
    await page.goto("/login?next=/record/changes")

    question, label = TOLD[language]
    await expect(page.get_by_role("heading", level=1)).to_have_count(1)
    await expect(page.get_by_text(question)).to_be_visible()
    await expect(page.get_by_role("listitem").filter(has=page.get_by_text(LONG))).to_be_visible()
    assert await too_wide(page) == [] and await barriers(page) == []

    # By keyboard, the first way is the provider that the settings name first.
    link = page.get_by_role("link", name=label)
    await link.focus()
    async with page.expect_request(lambda request: "/authorize" in request.url) as left:
        await page.keyboard.press("Enter")
    assert "code_challenge_method=S256" in (await left.value).url
    await context.close()
