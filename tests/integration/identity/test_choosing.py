"""With several providers, somebody says where they have their account; with one, they are not asked."""

import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL

from portal.i18n import using
from portal.identity.session import Audience
from portal.record.read import StoredRecord
from tests.conftest import Stores
from tests.integration.identity.browser import Browser, a_subject, asked, known_at
from tests.integration.identity.conftest import Doors, customers_at, opened, settings_for, staff_at
from tests.integration.identity.hostile import HostileProvider

COOKIE = "portal_session"


@pytest.fixture
async def doors(database_url: URL, stores: Stores, provider: str, hostile: HostileProvider) -> AsyncIterator[Doors]:
    """A portal whose customers have their account with the company, or at its shop."""
    settings = settings_for(
        database_url,
        provider,
        customer_oidc={
            "main": customers_at(provider, label="Northwind account", label_de="Northwind-Konto"),
            "web_shop": customers_at(hostile.issuer, client_id="portal-at-the-shop"),
        },
        staff_oidc={"main": staff_at(provider)},
    )
    async with opened(settings, stores) as made:
        yield made


def ways(text: str) -> list[str]:
    return [way.replace("&amp;", "&") for way in re.findall(r'href="(/login/start/[^"]+)"', text)]


async def test_somebody_chooses_and_comes_back_to_where_they_wanted_to_go(
    doors: Doors, provider: str, alice: StoredRecord
) -> None:
    subject = await known_at(provider, a_subject("alice"), customer_number=alice.record.number)
    async with doors.browser() as browser:
        page = await browser.here.get("/login?next=/record/changes")
        assert page.status_code == 200
        assert "Northwind account" in page.text and "Web shop" in page.text
        first, second = ways(page.text)
        assert first == "/login/start/customer/main?next=%2Frecord%2Fchanges"
        assert second == "/login/start/customer/web_shop?next=%2Frecord%2Fchanges"
        response = await browser.log_in(subject, first)
        assert (response.status_code, response.headers["location"]) == (303, "/record/changes")


async def test_each_provider_has_its_own_name_client_and_redirect_address(
    doors: Doors, hostile: HostileProvider
) -> None:
    async with doors.browser() as browser:
        url = await browser.begin("/login/start/customer/web_shop")
    assert url.startswith(f"{hostile.issuer}/authorize?")
    assert asked(url)["client_id"] == "portal-at-the-shop"
    assert asked(url)["redirect_uri"] == "http://localhost:8000/login/callback/customer/web_shop"


@pytest.mark.parametrize(("language", "label"), [("en", "Northwind account"), ("de", "Northwind-Konto")])
async def test_labels_are_in_the_language_of_the_page(doors: Doors, language: str, label: str) -> None:
    (main, shop) = doors.providers.of(Audience.CUSTOMER)
    with using(language, "UTC"):
        assert (main.provider.label, shop.provider.label) == (label, "Web shop")


async def test_with_one_provider_nobody_is_asked(doors: Doors, provider: str) -> None:
    async with doors.browser() as browser:
        assert (await browser.begin("/login?as=staff")).startswith(provider)


async def test_after_a_login_that_failed_all_ways_are_shown_again(doors: Doors) -> None:
    async with doors.browser() as browser:
        url = await browser.begin("/login/start/customer/main?next=/record")
        answer = await browser.come_back(await browser.decline(url) + f"&state={asked(url)['state']}")
    assert answer.status_code == 400 and len(ways(answer.text)) == 2


async def test_a_provider_that_is_down_leaves_the_others_standing(
    doors: Doors, hostile: HostileProvider, provider: str
) -> None:
    hostile.stop()
    async with doors.browser() as browser:
        response = await browser.here.get("/login/start/customer/web_shop")
        assert response.status_code == 503
        assert (await browser.begin(ways(response.text)[0])).startswith(provider)


async def begun_at_the_shop(browser: Browser, hostile: HostileProvider, **claims: object) -> str:
    wanted = asked(await browser.begin("/login/start/customer/web_shop"))
    hostile.vouch(wanted, **claims)
    return f"{wanted['redirect_uri']}?state={wanted['state']}&code=abc"


@pytest.mark.asvs("10.2.2")
async def test_the_answer_of_one_provider_is_not_taken_for_anothers(doors: Doors, hostile: HostileProvider) -> None:
    """Mix-up: the hostile provider has its answer arrive at the other one's address."""
    async with doors.browser() as browser:
        address = await begun_at_the_shop(browser, hostile)
        response = await browser.come_back(address.replace("/customer/web_shop", "/customer/main"))
        assert response.status_code == 400 and browser.cookie(COOKIE) is None
    assert "/token" not in hostile.asked


@pytest.mark.asvs("6.8.1")
async def test_a_provider_speaks_for_its_own_people_alone(
    doors: Doors, hostile: HostileProvider, provider: str, alice: StoredRecord
) -> None:
    """The hostile provider vouches for the subject that Alice has at the other one, and for its issuer."""
    subject = await known_at(provider, a_subject("alice"), customer_number=alice.record.number)
    async with doors.browser() as browser:
        await browser.log_in(subject, "/login/start/customer/main")
    async with doors.browser() as mallory:
        stranger = await mallory.come_back(await begun_at_the_shop(mallory, hostile, sub=subject))
        assert stranger.status_code == 403 and mallory.cookie(COOKIE) is None
        forged = await mallory.come_back(await begun_at_the_shop(mallory, hostile, sub=subject, iss=provider))
        assert forged.status_code == 400 and mallory.cookie(COOKIE) is None


@pytest.mark.parametrize("name", ["none", "MAIN", "main%2f..", "x" * 40])
async def test_there_are_no_other_providers(doors: Doors, name: str) -> None:
    async with doors.browser() as browser:
        for path in (f"/login/start/customer/{name}", f"/login/callback/customer/{name}?state=x&code=y"):
            assert (await browser.here.get(path)).status_code == 404
