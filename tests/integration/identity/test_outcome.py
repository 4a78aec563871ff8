"""How a login ended is told at an address of its own, which says the same when it is loaded again."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest

from portal import clock
from portal.identity import outcomes
from portal.record.read import StoredRecord
from tests.conftest import Stores
from tests.integration.identity.browser import Browser, a_subject, asked, known_at
from tests.integration.identity.conftest import Doors, opened
from tests.integration.identity.hostile import HostileProvider
from tests.integration.identity.test_step_up import SAFE, grow_old, sent_to_the_provider
from tests.integration.identity.test_step_up import come_back as come_back_as

PAGE = "/login/outcome"
COOKIE = outcomes.COOKIE


async def at_the_callback(browser: Browser, address: str) -> httpx2.Response:
    """What stands at the address that the provider sends to."""
    parts = urlsplit(address)
    return await browser.here.get(f"{parts.path}?{parts.query}")


async def sent_back(browser: Browser, hostile: HostileProvider, url: str, **claims: Any) -> httpx2.Response:
    wanted = asked(url)
    hostile.vouch(wanted, **claims)
    return await at_the_callback(browser, f"{wanted['redirect_uri']}?state={wanted['state']}&code=abc")


@pytest.mark.asvs("14.2.1")
async def test_neither_code_nor_state_stays_in_the_address(besieged: Doors, hostile: HostileProvider) -> None:
    async with besieged.browser() as browser:
        answer = await sent_back(browser, hostile, await browser.begin(), sub=a_subject("mallory"), name="Mallory")
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)

        pages = [await browser.here.get(PAGE) for _ in range(2)]

    assert [page.status_code for page in pages] == [403, 403], "it can be loaded again"
    assert all("not connected" in page.text and "Mallory" in page.text for page in pages)


async def test_it_can_be_read_in_another_language(besieged: Doors, hostile: HostileProvider) -> None:
    async with besieged.browser() as browser:
        await sent_back(browser, hostile, await browser.begin(), nonce="of another login")
        page = await browser.here.get(PAGE)
        assert page.status_code == 400 and "Please log in once more" in page.text


async def test_without_a_role_it_is_told_as_well(doors: Doors, provider: str) -> None:
    oscar = await known_at(provider, a_subject("oscar"), name="Oscar Lindqvist", roles=["everyone"])
    async with doors.browser() as browser:
        address = await browser.choose(await browser.begin("/login?as=staff"), oscar)
        answer = await at_the_callback(browser, address)
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE + "?as=staff")
        page = await browser.here.get(PAGE + "?as=staff")
        assert page.status_code == 403 and "Oscar Lindqvist" in page.text


async def test_in_another_browser_it_says_nothing_of_anybody(besieged: Doors) -> None:
    async with besieged.browser() as browser:
        page = await browser.here.get(PAGE)
        staff = await browser.here.get(PAGE + "?as=staff")
    assert page.status_code == staff.status_code == 400
    assert 'href="/login/start/customer/main?' in page.text and 'href="/login/start/staff/main?' in staff.text


@pytest.mark.parametrize("forged", ["x", "AAAA", "A" * 400, "e30=", "%ff", '"'])
async def test_what_the_portal_did_not_write_is_not_told(besieged: Doors, forged: str) -> None:
    async with besieged.browser() as browser:
        page = await browser.here.get(PAGE, headers={"cookie": f"{COOKIE}={forged}"})
    assert page.status_code == 400 and "Please log in once more" in page.text


async def test_after_ten_minutes_it_is_over(
    besieged: Doors, hostile: HostileProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with besieged.browser() as browser:
        await sent_back(browser, hostile, await browser.begin(), sub=a_subject("mallory"), name="Mallory")
        kept, now = browser.cookie(COOKIE), clock.now()
        monkeypatch.setattr("portal.clock.now", lambda: now + timedelta(seconds=outcomes.SECONDS + 2))
        page = await browser.here.get(PAGE, headers={"cookie": f"{COOKIE}={kept}"})
    assert page.status_code == 400 and "Mallory" not in page.text


async def test_who_comes_in_leaves_nothing_of_it_behind(
    besieged: Doors, hostile: HostileProvider, alice: StoredRecord
) -> None:
    async with besieged.browser() as browser:
        await sent_back(browser, hostile, await browser.begin(), sub=a_subject("mallory"))
        assert browser.cookie(COOKIE)
        await come_back_as(browser, hostile, await browser.begin(), alice)
        assert not browser.cookie(COOKIE)


@pytest.mark.parametrize("far", ["/record?q=" + "x" * 1_980, "/record?q=" + "ä" * 1_980])
async def test_the_longest_way_back_fits_into_a_cookie(besieged: Doors, hostile: HostileProvider, far: str) -> None:
    async with besieged.browser() as browser:
        url = (await browser.here.get("/login", params={"next": far})).headers["location"]
        answer = await sent_back(browser, hostile, url, nonce="of another login", name="x" * 5_000)
        assert len(answer.headers["set-cookie"]) < 4_096
        assert (await browser.here.get(PAGE)).status_code == 400


class TestWhoIsInAlready:
    """What failed is told inside: their language, their menu, and no word about logging in to a record."""

    async def test_of_a_step_up(
        self, besieged: Doors, hostile: HostileProvider, alice: StoredRecord, owner: psycopg.Connection[Any]
    ) -> None:
        async with besieged.browser() as browser:
            await come_back_as(browser, hostile, await browser.begin("/login"), alice)
            grow_old(owner, browser)
            url = await sent_to_the_provider(browser)
            page = await come_back_as(browser, hostile, url, alice, sub="mallory")

        assert page.status_code == 400
        assert "Show that it is you</h1>" in page.text and "Log in to your record" not in page.text
        assert 'action="/logout"' in page.text and f'href="{SAFE}"' in page.text

    async def test_of_a_step_up_that_does_not_get_to_the_provider(
        self, besieged: Doors, alice: StoredRecord, hostile: HostileProvider, owner: psycopg.Connection[Any],
        stores: Stores,
    ) -> None:  # fmt: skip
        async with besieged.browser() as browser:
            await come_back_as(browser, hostile, await browser.begin("/login"), alice)
            grow_old(owner, browser)
            hostile.stop()
            async with opened(besieged.settings, stores) as later, later.browser() as same:
                same.put_cookie("portal_session", browser.cookie("portal_session") or "")
                page = await same.here.get(f"/login/fresh?next={SAFE}")

        assert page.status_code == 503
        assert "Show that it is you</h1>" in page.text and 'action="/logout"' in page.text
