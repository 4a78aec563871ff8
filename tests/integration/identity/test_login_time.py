"""Providers that do not say when somebody proved who they are: a login there is not taken for a fresh one."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import URL

from portal.record.read import StoredRecord
from tests.conftest import Stores
from tests.integration.identity.browser import Browser
from tests.integration.identity.conftest import Doors, customers_at, opened, settings_for
from tests.integration.identity.hostile import HostileProvider
from tests.integration.identity.test_step_up import COOKIE, SAFE, come_back
from tests.unit.identity.signing import MISSING

pytestmark = pytest.mark.asvs("6.8.4", "7.5.1", "7.5.3")
AGAIN = "/login/start/customer/main"
TO_THE_PROVIDER = f"/login/fresh?next={SAFE.replace('/', '%2F')}"


@pytest.fixture
async def browser(besieged: Doors, hostile: HostileProvider, alice: StoredRecord) -> AsyncIterator[Browser]:
    """Alice's, logged in a moment ago, of which the provider said nothing."""
    async with besieged.browser() as made:
        await silently(made, hostile, AGAIN, alice)
        yield made


async def silently(browser: Browser, hostile: HostileProvider, path: str, customer: StoredRecord) -> httpx2.Response:
    return await come_back(browser, hostile, await browser.begin(path), customer, auth_time=MISSING)


async def door(browser: Browser) -> tuple[int, str | None]:
    response = await browser.here.get(SAFE)
    return response.status_code, response.headers.get("location")


async def test_a_login_opens_the_record_and_not_what_wants_a_fresh_one(browser: Browser) -> None:
    assert (await browser.here.get("/record")).status_code == 200
    assert await door(browser) == (303, TO_THE_PROVIDER)


async def test_a_login_that_asked_nobody_makes_nothing_fresh(
    browser: Browser, hostile: HostileProvider, alice: StoredRecord
) -> None:
    """The provider knows the browser still: whoever found it unlocked goes there and back by one click."""
    before = browser.cookie(COOKIE)
    assert (await silently(browser, hostile, AGAIN, alice)).status_code == 303
    assert browser.cookie(COOKIE) != before
    assert await door(browser) == (303, TO_THE_PROVIDER)


async def test_who_cannot_show_a_fresh_login_is_told_so_and_not_to_try_again(
    browser: Browser, hostile: HostileProvider, alice: StoredRecord
) -> None:
    before = browser.cookie(COOKIE)
    answer = await silently(browser, hostile, TO_THE_PROVIDER, alice)
    assert answer.status_code == 403 and "does not tell us when you logged in there" in answer.text
    assert "try again" not in answer.text
    assert f'href="{SAFE}"' not in answer.text and 'href="/"' in answer.text, "that door would lead here again"
    assert browser.cookie(COOKIE) == before and (await browser.here.get("/record")).status_code == 200


async def test_once_the_provider_says_it_the_door_opens(
    browser: Browser, hostile: HostileProvider, alice: StoredRecord
) -> None:
    await come_back(browser, hostile, await browser.begin(TO_THE_PROVIDER), alice)
    assert await door(browser) == (200, None)


class TestWhereTheSettingsTrustTheMomentOfALogin:
    @pytest.fixture
    async def besieged(self, database_url: URL, stores: Stores, hostile: HostileProvider) -> AsyncIterator[Doors]:
        customers = {"main": customers_at(hostile.issuer, trust_login_time="true")}
        async with opened(settings_for(database_url, hostile.issuer, customer_oidc=customers), stores) as made:
            yield made

    async def test_it_counts(self, browser: Browser) -> None:
        assert await door(browser) == (200, None)

    async def test_it_counts_when_a_fresh_login_was_asked_for(
        self, browser: Browser, hostile: HostileProvider, alice: StoredRecord
    ) -> None:
        hours_ago = {"auth_time": 1_700_000_000}
        await come_back(browser, hostile, await browser.begin(AGAIN), alice, **hours_ago)
        assert await door(browser) == (303, TO_THE_PROVIDER), "what the provider says counts before it"
        await silently(browser, hostile, TO_THE_PROVIDER, alice)
        assert await door(browser) == (200, None)
