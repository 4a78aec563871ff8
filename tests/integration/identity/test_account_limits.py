"""How often one account may come back from its provider, whatever it comes back for."""

import time

import pytest
from sqlalchemy import URL

from portal.record.read import StoredRecord
from tests.conftest import Stores
from tests.integration.identity.conftest import opened, settings_for
from tests.integration.identity.hostile import HostileProvider
from tests.integration.identity.test_step_up import come_back


@pytest.mark.asvs("2.4.1")
async def test_who_shows_once_more_that_it_is_them_is_counted_like_who_comes_in(
    database_url: URL, stores: Stores, hostile: HostileProvider, alice: StoredRecord
) -> None:
    settings = settings_for(database_url, hostile.issuer, limit_logins_per_account=2)
    async with opened(settings, stores) as doors, doors.browser() as browser:
        await come_back(browser, hostile, await browser.begin("/login"), alice, auth_time=int(time.time()) - 3_600)
        again = await come_back(browser, hostile, await browser.begin("/login/fresh?next=/record/safe"), alice)
        assert (again.status_code, again.headers["location"]) == (303, "/record/safe")
        before = browser.cookie("portal_session")

        third = await come_back(browser, hostile, await browser.begin("/login/start/customer/main"), alice)
        async with doors.browser() as elsewhere:
            fourth = await come_back(elsewhere, hostile, await elsewhere.begin("/login"), alice)

    assert third.status_code == fourth.status_code == 429
    assert browser.cookie("portal_session") == before
