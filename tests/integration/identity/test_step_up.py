"""Before something that matters, somebody shows once more who they are: freshly, well enough, the same person."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import psycopg
import pytest
from sqlalchemy import URL

from portal.identity import tokens
from portal.record.read import StoredRecord
from tests.conftest import Stores
from tests.integration.identity.browser import Browser, a_subject, asked, known_at
from tests.integration.identity.conftest import Doors, customers_at, opened, settings_for, staff_at
from tests.integration.identity.hostile import HostileProvider
from tests.unit.identity.signing import MISSING

pytestmark = pytest.mark.asvs("7.5.1", "7.5.3")
COOKIE, STAFF_COOKIE = "portal_session", "portal_session_staff"
SAFE = "/record/safe"


@pytest.fixture
async def browser(
    besieged: Doors, hostile: HostileProvider, alice: StoredRecord, owner: psycopg.Connection[Any]
) -> AsyncIterator[Browser]:
    """Alice's, logged in eleven minutes ago."""
    async with besieged.browser() as made:
        await come_back(made, hostile, await made.begin("/login"), alice)
        grow_old(owner, made)
        yield made


def subject(customer: StoredRecord) -> str:
    return f"alice-{customer.record.number}"


def grow_old(owner: psycopg.Connection[Any], browser: Browser, cookie: str = COOKIE) -> None:
    owner.execute(
        "UPDATE portal.session SET authenticated_at = clock_timestamp() - interval '11 minutes' WHERE token_hash = %s",
        [tokens.digest(browser.cookie(cookie) or "")],
    )


def stored(owner: psycopg.Connection[Any], token: str | None) -> dict[str, Any]:
    found = owner.execute(
        "SELECT to_jsonb(s) FROM portal.session s WHERE token_hash = %s", [tokens.digest(token or "")]
    ).fetchone()
    return {} if found is None else dict(found[0])


async def come_back(
    browser: Browser, hostile: HostileProvider, url: str, customer: StoredRecord, **claims: object
) -> httpx2.Response:
    """The provider vouches for the customer, who has logged in there just now, but for what a test changes."""
    wanted = asked(url)
    honest = {"sub": subject(customer), "customer_number": customer.record.number, "auth_time": int(time.time())}
    hostile.vouch(wanted, **(honest | claims))
    return await browser.come_back(f"{wanted['redirect_uri']}?state={wanted['state']}&code=abc")


async def sent_to_the_provider(browser: Browser, room: str = SAFE) -> str:
    """From a room that wants a fresh login to the provider: gives the address there."""
    stopped = await browser.here.get(room)
    assert stopped.status_code == 303 and stopped.headers["location"].startswith("/login/fresh?"), stopped.text
    return await browser.begin(stopped.headers["location"])


async def test_who_has_just_logged_in_is_not_asked_again(
    besieged: Doors, hostile: HostileProvider, alice: StoredRecord
) -> None:
    async with besieged.browser() as browser:
        await come_back(browser, hostile, await browser.begin("/login"), alice)
        assert (await browser.here.get(SAFE)).status_code == 200
        assert (await browser.here.get(f"/login/fresh?next={SAFE}")).headers["location"] == SAFE


@pytest.mark.asvs("6.8.4", "7.2.4")
async def test_a_fresh_login_opens_the_room_with_a_new_session_and_ends_the_old_one(
    browser: Browser, hostile: HostileProvider, alice: StoredRecord, owner: psycopg.Connection[Any]
) -> None:
    assert (await browser.here.get("/record")).status_code == 200, "other rooms do not ask"
    before = browser.cookie(COOKIE)
    url = await sent_to_the_provider(browser, SAFE + "?part=1")
    assert asked(url)["max_age"] == "300" and "acr_values" not in asked(url)
    assert asked(url)["prompt"] == "login", "whoever is logged in there with another account can say so"
    assert asked(url)["redirect_uri"].endswith("/login/callback/customer/main")

    response = await come_back(browser, hostile, url, alice, sid="s-2", acr="urn:example:gold")

    assert (response.status_code, response.headers["location"]) == (303, SAFE + "?part=1")
    assert (await browser.here.get(SAFE)).status_code == 200
    after = browser.cookie(COOKIE)
    assert after != before and stored(owner, before) == {}
    renewed = stored(owner, after)
    assert (renewed["sid"], renewed["acr"], renewed["customer_id"]) == ("s-2", "urn:example:gold", str(alice.record.id))
    async with browser.doors.browser() as copy:
        copy.put_cookie(COOKIE, before or "")
        assert (await copy.here.get("/record")).status_code == 303


async def refused(browser: Browser, response: httpx2.Response, owner: psycopg.Connection[Any], before: str) -> None:
    """Nothing has changed: the session is the one from before, and no fresher."""
    assert response.status_code == 400 and "did not show once more" in response.text
    assert browser.cookie(COOKIE) == before and stored(owner, before)
    assert 'href="/record/safe"' in response.text, "the way back to where it was begun"
    assert (await browser.here.get("/record")).status_code == 200
    assert (await browser.here.get(SAFE)).status_code == 303


STALE: dict[str, dict[str, Any]] = {
    "a login of an hour ago": {"auth_time": int(time.time()) - 3_600},
    "auth_time of six minutes ago, although five were asked for": {"auth_time": int(time.time()) - 360},
    "auth_time in the future": {"auth_time": int(time.time()) + 3_600},
    "auth_time as a text": {"auth_time": "now"},
    "another account": {"sub": "mallory"},
    "another account that claims the same customer": {"sub": "alice-too"},
}


@pytest.mark.asvs("6.8.4")
@pytest.mark.parametrize("claims", STALE.values(), ids=STALE.keys())
async def test_what_is_no_fresh_login_of_the_same_account_is_refused(
    browser: Browser,
    hostile: HostileProvider,
    alice: StoredRecord,
    owner: psycopg.Connection[Any],
    claims: dict[str, Any],
) -> None:
    before = browser.cookie(COOKIE) or ""
    url = await sent_to_the_provider(browser)
    await refused(browser, await come_back(browser, hostile, url, alice, **claims), owner, before)


async def test_another_customers_account_is_refused_and_is_not_logged_in(
    browser: Browser, hostile: HostileProvider, alice: StoredRecord, bob: StoredRecord, owner: psycopg.Connection[Any]
) -> None:
    async with browser.doors.browser() as his:
        await come_back(his, hostile, await his.begin("/login"), bob)
    before = browser.cookie(COOKIE) or ""
    await refused(browser, await come_back(browser, hostile, await sent_to_the_provider(browser), bob), owner, before)
    assert (await browser.here.get("/record")).json()["customer"] == str(alice.record.id)


class TestStrength:
    @pytest.fixture
    async def besieged(self, database_url: URL, stores: Stores, hostile: HostileProvider) -> AsyncIterator[Doors]:
        """The provider knows a second factor, and what matters asks for it."""
        customers = {"main": customers_at(hostile.issuer, step_up_acr="urn:gold urn:silver")}
        async with opened(settings_for(database_url, hostile.issuer, customer_oidc=customers), stores) as made:
            yield made

    @pytest.mark.asvs("6.8.4")
    async def test_is_asked_for_and_opens_the_room(
        self, browser: Browser, hostile: HostileProvider, alice: StoredRecord
    ) -> None:
        url = await sent_to_the_provider(browser)
        assert asked(url)["acr_values"] == "urn:gold urn:silver"
        await come_back(browser, hostile, url, alice, acr="urn:silver")
        assert (await browser.here.get(SAFE)).status_code == 200

    @pytest.mark.asvs("6.8.4")
    @pytest.mark.parametrize(
        "acr", [MISSING, "", "0", "urn:bronze", "urn:gold urn:silver", ["urn:gold"], True], ids=str
    )
    async def test_what_is_not_said_is_the_lowest(
        self,
        browser: Browser,
        hostile: HostileProvider,
        alice: StoredRecord,
        owner: psycopg.Connection[Any],
        acr: object,
    ) -> None:
        before = browser.cookie(COOKIE) or ""
        url = await sent_to_the_provider(browser)
        await refused(browser, await come_back(browser, hostile, url, alice, acr=acr), owner, before)

    async def test_a_login_of_a_moment_ago_is_too_weak_without_it(
        self, besieged: Doors, hostile: HostileProvider, alice: StoredRecord
    ) -> None:
        async with besieged.browser() as browser:
            await come_back(browser, hostile, await browser.begin("/login"), alice)
            assert "prompt" not in asked(await sent_to_the_provider(browser)), "nobody types their password again"

    async def test_a_strong_login_of_a_moment_ago_will_do(
        self, besieged: Doors, hostile: HostileProvider, alice: StoredRecord
    ) -> None:
        async with besieged.browser() as browser:
            await come_back(browser, hostile, await browser.begin("/login"), alice, acr="urn:gold")
            assert (await browser.here.get(SAFE)).status_code == 200


class TestTheSession:
    async def test_that_asked_for_it_has_to_be_there_still(
        self, browser: Browser, hostile: HostileProvider, alice: StoredRecord, owner: psycopg.Connection[Any]
    ) -> None:
        url = await sent_to_the_provider(browser)
        owner.execute("DELETE FROM portal.session WHERE token_hash = %s", [tokens.digest(browser.cookie(COOKIE) or "")])
        response = await come_back(browser, hostile, url, alice)
        assert response.status_code == 400
        assert (await browser.here.get("/record")).status_code == 303, "it does not log anybody in"

    async def test_has_to_be_the_same_one(
        self, browser: Browser, hostile: HostileProvider, alice: StoredRecord, owner: psycopg.Connection[Any]
    ) -> None:
        url = await sent_to_the_provider(browser)
        await come_back(browser, hostile, await browser.begin("/login/start/customer/main"), alice)
        grow_old(owner, browser)
        await refused(browser, await come_back(browser, hostile, url, alice), owner, browser.cookie(COOKIE) or "")

    async def test_two_tabs_do_not_hurt_each_other(
        self, browser: Browser, hostile: HostileProvider, alice: StoredRecord
    ) -> None:
        first, second = await sent_to_the_provider(browser), await sent_to_the_provider(browser)
        await come_back(browser, hostile, second, alice)
        renewed = browser.cookie(COOKIE)
        response = await come_back(browser, hostile, first, alice)
        assert (response.status_code, response.headers["location"]) == (303, SAFE)
        assert browser.cookie(COOKIE) == renewed

    async def test_of_a_provider_that_the_settings_no_longer_know_cannot_be_proved_anew(
        self, browser: Browser, hostile: HostileProvider, database_url: URL, stores: Stores
    ) -> None:
        others = {"other": customers_at(hostile.issuer), "third": customers_at(hostile.issuer)}
        changed = settings_for(database_url, hostile.issuer, customer_oidc=others)
        async with opened(changed, stores) as later, later.browser() as same:
            same.put_cookie(COOKIE, browser.cookie(COOKIE) or "")
            stopped = await same.here.get(SAFE)
            page = await same.here.get(stopped.headers["location"])
        assert page.status_code == 200 and "/login/start/customer/other?next=%2Frecord%2Fsafe" in page.text


async def test_without_a_session_it_is_a_login(besieged: Doors) -> None:
    async with besieged.browser() as browser:
        assert (await browser.here.get(SAFE)).headers["location"] == "/login?next=%2Frecord%2Fsafe"
        assert asked(await browser.begin(f"/login/fresh?next={SAFE}"))["max_age"] == "2592000"


async def test_a_form_is_not_carried_out_before_the_fresh_login(browser: Browser) -> None:
    shown = (await browser.here.get("/record")).json()
    assert shown["form_secret"]
    response = await browser.here.post(SAFE, data={"note": "hello"})
    assert response.status_code in (303, 401, 403) and "form_secret" not in response.text


async def test_a_room_may_want_it_for_a_part_of_itself(browser: Browser) -> None:
    assert (await browser.here.get("/record/part/plain")).status_code == 200
    assert (await browser.here.get("/record/part/secret")).headers["location"].startswith("/login/fresh?")


class TestStaff:
    async def come_back(self, browser: Browser, hostile: HostileProvider, url: str, sub: str, role: str) -> Any:
        wanted = asked(url)
        hostile.vouch(wanted, sub=sub, roles=[role], auth_time=int(time.time()))
        return await browser.come_back(f"{wanted['redirect_uri']}?state={wanted['state']}&code=abc")

    @pytest.fixture
    async def grace(self) -> str:
        return a_subject("grace")

    @pytest.fixture
    async def browser(
        self, besieged: Doors, hostile: HostileProvider, grace: str, owner: psycopg.Connection[Any]
    ) -> AsyncIterator[Browser]:
        async with besieged.browser() as made:
            await self.come_back(made, hostile, await made.begin("/login?as=staff"), grace, "crm-agents")
            grow_old(owner, made, STAFF_COOKIE)
            yield made

    async def test_is_asked_as_customers_are(self, browser: Browser, hostile: HostileProvider, grace: str) -> None:
        before = browser.cookie(STAFF_COOKIE)
        url = await sent_to_the_provider(browser, "/desk/safe")
        assert asked(url)["client_id"] == "portal-staff"
        response = await self.come_back(browser, hostile, url, grace, "crm-agents")
        assert response.headers["location"] == "/desk/safe"
        assert (await browser.here.get("/desk/safe")).status_code == 200
        assert browser.cookie(STAFF_COOKIE) != before

    @pytest.mark.asvs("8.3.2")
    async def test_a_role_that_was_withdrawn_meanwhile_is_gone(
        self, browser: Browser, hostile: HostileProvider, grace: str
    ) -> None:
        url = await sent_to_the_provider(browser, "/desk/safe")
        assert (await self.come_back(browser, hostile, url, grace, "everyone")).status_code == 400
        assert (await browser.here.get("/desk")).status_code == 303

    async def test_a_colleagues_account_is_refused(self, browser: Browser, hostile: HostileProvider) -> None:
        url = await sent_to_the_provider(browser, "/desk/safe")
        response = await self.come_back(browser, hostile, url, a_subject("oscar"), "crm-agents")
        assert response.status_code == 400
        assert (await browser.here.get("/desk/safe")).status_code == 303
        assert (await browser.here.get("/desk")).status_code == 200

    async def test_each_audience_has_its_own_settings(
        self, browser: Browser, hostile: HostileProvider, database_url: URL, stores: Stores, grace: str
    ) -> None:
        strict = {"main": staff_at(hostile.issuer, step_up_acr="urn:gold")}
        changed = settings_for(database_url, hostile.issuer, staff_oidc=strict)
        async with opened(changed, stores) as later, later.browser() as same:
            same.put_cookie(STAFF_COOKIE, browser.cookie(STAFF_COOKIE) or "")
            assert asked(await sent_to_the_provider(same, "/desk/safe"))["acr_values"] == "urn:gold"


async def test_the_demos_provider_says_when_somebody_logged_in(
    doors: Doors, provider: str, alice: StoredRecord, owner: psycopg.Connection[Any]
) -> None:
    """It asks at each login, so what wants a fresh one can be tried in the demo, too."""
    login = await known_at(provider, a_subject("alice"), customer_number=alice.record.number)
    async with doors.browser() as browser:
        await browser.log_in(login)
        grow_old(owner, browser)
        stopped = await browser.here.get(SAFE)
        response = await browser.log_in(login, stopped.headers["location"])
        assert (response.status_code, response.headers["location"]) == (303, SAFE)
        assert (await browser.here.get(SAFE)).status_code == 200
