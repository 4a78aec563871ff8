"""Logging in with a certified provider that insists on everything: pushed requests, PKCE, a client that signs with its
own key. It fetches that key from the portal, and tells the portal when somebody logs out."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import URL

from portal.audit.cipher import KeyRing
from portal.cli.provider_checks import ask_providers
from portal.db.database import Database, Role
from portal.identity.client_keys import ClientKeys
from portal.record.read import StoredRecord
from portal.settings import Settings
from tests.browser.house import Doorstep, house, origin_of
from tests.builders import a_customer
from tests.conftest import Stores, make_settings
from tests.integration.web.browsing import listening
from tests.providers.running import OidcProvider, oidc_provider

SCOPES = "openid profile email portal"
WITH_CODE = "urn:test:code"


@dataclass(frozen=True)
class Home:
    """The portal and its provider."""

    origin: str
    provider: OidcProvider
    database: URL
    settings: Settings

    def as_administrator(self) -> psycopg.Connection:
        address = self.database.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(address, autocommit=True)


@pytest.fixture(scope="module")
async def home(database_url: URL, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home]:
    with listening() as bound:
        origin = origin_of(bound)
        log = tmp_path_factory.mktemp("oidc-provider") / "log"
        with oidc_provider([_client(origin, "customer"), _client(origin, "staff")], log) as provider:
            settings = {"issuer": provider.issuer, "scopes": SCOPES}
            customers = settings | {"client_id": "northwind-customer", "number_claim": "customer_number"}
            staff = settings | {"client_id": "northwind-staff", "step_up_acr": WITH_CODE}
            staff |= {"roles_claim": "roles", "roles": "crm-agents=agent, crm-audit=auditor"}
            async with house(database_url, bound, customers={"main": customers}, staff={"main": staff}) as known:
                yield Home(origin, provider, database_url, known)
    complaints = [line for line in log.read_text().splitlines() if "WARNING" not in line]
    assert not complaints, "\n".join(complaints)


def _client(origin: str, audience: str) -> dict[str, object]:
    return {
        "client_id": f"northwind-{audience}",
        "redirect_uris": [f"{origin}/login/callback/{audience}/main"],
        "post_logout_redirect_uris": [f"{origin}/"],
        "jwks_uri": f"{origin}/.well-known/jwks.json",
        "backchannel_logout_uri": f"{origin}/login/ended/{audience}/main",
        "backchannel_logout_session_required": True,
    }


@pytest.fixture
async def come(chromium: Browser, home: Home) -> AsyncIterator[Doorstep]:
    doorstep = Doorstep(chromium, home.origin)
    yield doorstep
    problems = await doorstep.leave()
    assert not problems, "\n".join(problems)


@pytest.fixture
async def alice(home: Home, stores: Stores) -> StoredRecord:
    """A customer whose login there is her number."""
    record = await a_customer(stores.worker)
    await home.provider.introduce(record.record.number, name="Alice Marsh", customer_number=record.record.number)
    return record


async def log_in(page: Page, login: str, password: str | None = None, *, code: str | None = None) -> None:
    """On the provider's own page."""
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Password").fill(password or f"{login}'s password")
    if code:
        await page.get_by_label("Code").fill(code)
    await page.get_by_role("button", name="Log in").click()


async def allow(page: Page) -> None:
    await page.get_by_role("button", name="Allow", exact=True).click()


async def inside(page: Page) -> None:
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Alice")


async def at_the_door(page: Page) -> None:
    """The provider asks who is there."""
    await expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


async def session_of(page: Page, origin: str, name: str = "portal_session") -> str | None:
    return next((cookie["value"] for cookie in await page.context.cookies(origin) if cookie["name"] == name), None)


@pytest.mark.asvs("10.1.1", "10.1.2", "10.2.3", "14.2.1")
async def test_a_customer_logs_in_and_no_address_says_more_than_it_must(
    come: Doorstep, home: Home, alice: StoredRecord
) -> None:
    page = await come()
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    await page.goto("/record/changes")
    await log_in(page, alice.record.number, "a wrong password")
    await expect(page.get_by_role("alert")).to_have_text("Wrong login or password.")
    await log_in(page, alice.record.number)
    await allow(page)

    await expect(page.get_by_role("heading", level=1)).to_have_text("Everything that was changed")
    # What is asked for was pushed: the browser carries its name and nothing of it.
    assert "POST /request" in await home.provider.asked()
    [asked] = [parse_qs(urlsplit(url).query) for url in seen if url.startswith(f"{home.provider.issuer}/auth?")]
    assert set(asked) == {"client_id", "request_uri"}
    [answered] = [parse_qs(urlsplit(url).query) for url in seen if "/login/callback/" in url]
    assert set(answered) == {"code", "state", "iss"}
    # No token reaches the browser: neither in an address nor in what it keeps.
    kept = [cookie["value"] for cookie in await page.context.cookies(home.origin)]
    assert not [text for text in (*seen, *kept) if re.search(r"eyJ[\w-]+\.[\w-]", text)]


async def test_who_says_no_there_is_told_kindly_here_and_can_try_again(
    come: Doorstep, home: Home, alice: StoredRecord
) -> None:
    page = await come()
    await page.goto("/record")
    await log_in(page, alice.record.number)
    await page.get_by_role("button", name="Do not allow").click()

    await expect(page.get_by_role("alert").filter(has_text="That did not work")).to_be_visible()
    assert await session_of(page, home.origin) is None
    await page.get_by_role("main").get_by_role("link", name=re.compile("^Log in")).click()
    await allow(page)
    await inside(page)


@pytest.mark.asvs("7.4.1", "7.6.1")
async def test_who_logs_out_here_is_logged_out_there(come: Doorstep, home: Home, alice: StoredRecord) -> None:
    page = await come()
    await page.goto("/record")
    await log_in(page, alice.record.number)
    await allow(page)
    token = await session_of(page, home.origin)
    await page.locator("summary").filter(has_text="Alice Marsh").click()
    await page.get_by_role("button", name="Log out").click()
    await page.get_by_role("button", name="Yes, log out").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("See what we know about you. Set it right.")
    # What was the session is of no more use, also for who kept a copy of its cookie.
    await page.context.add_cookies([{"name": "portal_session", "value": token or "", "url": home.origin}])
    await page.goto("/record")
    await at_the_door(page)


@pytest.mark.asvs("7.4.1", "7.6.1")
async def test_who_logs_out_there_is_logged_out_here(come: Doorstep, home: Home, alice: StoredRecord) -> None:
    page = await come()
    await page.goto("/record")
    await log_in(page, alice.record.number)
    await allow(page)
    await inside(page)
    elsewhere = await come(beside=page)
    await elsewhere.goto(f"{home.provider.issuer}/session/end")
    await elsewhere.get_by_role("button", name="Yes, log out").click()
    await expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Logged out")

    await page.goto("/record")

    await at_the_door(page)


@pytest.mark.asvs("6.8.4", "7.2.4")
async def test_a_login_that_is_too_old_for_something_is_shown_anew(
    come: Doorstep, home: Home, alice: StoredRecord
) -> None:
    page = await come()
    await page.goto("/record")
    await log_in(page, alice.record.number)
    await allow(page)
    await inside(page)
    before = await session_of(page, home.origin)
    await an_hour_later(home, alice)

    # The provider knows her still, and would let her through: it is asked not to (max_age).
    await page.goto("/login/fresh?next=/record/changes")
    await at_the_door(page)
    await log_in(page, alice.record.number)

    await expect(page.get_by_role("heading", level=1)).to_have_text("Everything that was changed")
    after = await session_of(page, home.origin)
    assert after != before
    other = await come()
    await other.context.add_cookies([{"name": "portal_session", "value": before or "", "url": home.origin}])
    await other.goto("/record")
    await at_the_door(other)
    # And the new one is fresh: nobody is asked twice.
    await page.goto("/login/fresh?next=/record")
    await inside(page)


async def test_somebody_else_cannot_make_it_fresh(
    come: Doorstep, home: Home, alice: StoredRecord, stores: Stores
) -> None:
    bob = await a_customer(stores.worker, given_name="Bob")
    await home.provider.introduce(bob.record.number, name="Bob Keller", customer_number=bob.record.number)
    page = await come()
    await page.goto("/record")
    await log_in(page, alice.record.number)
    await allow(page)
    await inside(page)
    before = await session_of(page, home.origin)
    await an_hour_later(home, alice)
    await page.goto("/login/fresh?next=/record/changes")
    await log_in(page, bob.record.number)
    await allow(page)

    await expect(page.get_by_role("alert").filter(has_text="That did not work")).to_be_visible()
    assert await session_of(page, home.origin) == before
    # She was logged out there when he logged in, and so she is here (back-channel): her session is nobody's.
    other = await come()
    await other.context.add_cookies([{"name": "portal_session", "value": before or "", "url": home.origin}])
    await other.goto("/record")
    await at_the_door(other)


@pytest.mark.asvs("6.8.4")
async def test_staff_show_a_code_where_a_password_is_not_enough(come: Doorstep, home: Home) -> None:
    login = "grace-with-a-code"
    await home.provider.introduce(login, name="Grace Okafor", roles=["crm-agents"])
    page = await come()
    await page.goto("/desk")
    await log_in(page, login)
    await allow(page)
    await expect(page.get_by_label("Find a customer")).to_be_visible()

    # The session is a minute old. That is not what is missing.
    await page.goto("/login/fresh?as=staff&next=/desk")
    await at_the_door(page)
    await log_in(page, login, code="000000")
    await expect(page.get_by_role("alert")).to_be_visible()
    await log_in(page, login, code="123456")

    await expect(page.get_by_label("Find a customer")).to_be_visible()
    await page.goto("/login/fresh?as=staff&next=/desk")
    await expect(page.get_by_label("Find a customer")).to_be_visible()


@pytest.mark.asvs("8.3.2")
async def test_staff_have_the_roles_that_the_provider_gives_them_today(come: Doorstep, home: Home) -> None:
    login = "grace-and-her-roles"
    await home.provider.introduce(login, name="Grace Okafor", roles=["crm-agents", "everyone"])
    page = await come()
    await page.goto("/desk")
    await log_in(page, login)
    await allow(page)
    await expect(page.get_by_label("Find a customer")).to_be_visible()
    assert (await page.request.get("/audit")).status == 403

    await home.provider.introduce(login, name="Grace Okafor", roles=[])
    elsewhere = await come()
    await elsewhere.goto("/desk")
    await log_in(elsewhere, login)
    await allow(elsewhere)
    await expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Your account has no role in this portal")
    await page.goto("/desk")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account has no role in this portal")


@pytest.mark.asvs("10.1.2")
async def test_two_tabs_do_not_hurt_each_other(come: Doorstep, alice: StoredRecord) -> None:
    first = await come()
    await first.goto("/record")
    second = await come(beside=first)
    await second.goto("/record/changes")
    await log_in(first, alice.record.number)
    await allow(first)
    await inside(first)
    await log_in(second, alice.record.number)

    await expect(second.get_by_role("heading", level=1)).to_have_text("Everything that was changed")


async def test_the_providers_new_key_is_found_when_it_is_first_used(
    come: Doorstep, home: Home, alice: StoredRecord
) -> None:
    await home.provider.change_key()
    page = await come()
    await page.goto("/record")
    await log_in(page, alice.record.number)
    await allow(page)

    await inside(page)


async def test_our_next_key_signs_as_soon_as_it_is_the_current_one(
    come: Doorstep, home: Home, alice: StoredRecord
) -> None:
    """The provider knows it already: both have been published since the first login."""
    settings = make_settings(home.database)
    async with Database.configured(settings, Role.WORKER) as database:
        keys = ClientKeys(database, KeyRing(settings.key_encryption_bytes))
        _, waiting = await keys.published()
        current, _ = await keys.rotate(at_once=True)
    assert current.kid == waiting.kid
    page = await come()
    await page.goto("/record")
    await log_in(page, alice.record.number)
    await allow(page)

    await inside(page)


async def test_the_doctor_finds_nothing_wrong_unless_there_is(home: Home) -> None:
    assert [finding.advice for finding in await ask_providers(home.settings) if finding.wrong] == []

    customers = {"main": home.settings.customer_oidc["main"].model_copy(update={"client_id": "somebody-else"})}
    changed = home.settings.model_copy(update={"customer_oidc": customers})
    [advice] = [finding.advice for finding in await ask_providers(changed) if finding.wrong]
    assert "invalid_client" in (advice or "")


class TestWhatMustFail:
    """What Mallory tries with what he saw of a login."""

    async def caught(self, page: Page, login: str) -> str:
        """The address that the provider sends the browser back to, and that the portal has not heard of."""
        await page.goto("/record")
        await log_in(page, login)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Allow")
        allowed = await page.request.post(page.url, form={}, max_redirects=0)
        answered = await page.request.get(allowed.headers["location"], max_redirects=0)
        return answered.headers["location"]

    async def refused(self, page: Page, address: str) -> None:
        response = await page.goto(address)
        assert response is not None and response.status == 400
        await expect(page.get_by_role("alert").filter(has_text="That did not work")).to_be_visible()

    @pytest.mark.asvs("10.1.2")
    async def test_an_answer_that_was_heard(self, come: Doorstep, alice: StoredRecord) -> None:
        page = await come()
        address = await self.caught(page, alice.record.number)
        await page.goto(address)
        await inside(page)

        await self.refused(page, address)

    @pytest.mark.asvs("10.1.2", "10.2.1")
    async def test_his_answer_in_her_browser(self, come: Doorstep, home: Home, alice: StoredRecord) -> None:
        his, hers = await come(), await come()
        address = await self.caught(his, alice.record.number)

        await self.refused(hers, address)
        assert await session_of(hers, home.origin) is None

    @pytest.mark.asvs("10.1.2", "10.5.1")
    async def test_a_code_that_was_used_in_a_new_login(self, come: Doorstep, home: Home, alice: StoredRecord) -> None:
        page = await come()
        address = await self.caught(page, alice.record.number)
        await page.goto(address)
        await inside(page)
        other = await come()
        fresh = await self.caught(other, alice.record.number)

        await self.refused(other, fresh.replace(_code(fresh), _code(address)))
        assert await session_of(other, home.origin) is None

    @pytest.mark.asvs("10.1.2", "10.2.1")
    async def test_the_code_of_another_tab(self, come: Doorstep, home: Home, alice: StoredRecord) -> None:
        """PKCE: the code of one login is no good with the verifier of another."""
        page = await come()
        first = await self.caught(page, alice.record.number)
        other = await come()
        second = await self.caught(other, alice.record.number)

        await self.refused(page, first.replace(_code(first), _code(second)))
        assert await session_of(page, home.origin) is None

    @pytest.mark.asvs("10.2.2")
    async def test_an_answer_that_says_it_is_from_elsewhere(self, come: Doorstep, alice: StoredRecord) -> None:
        page = await come()
        address = await self.caught(page, alice.record.number)

        await self.refused(page, re.sub("iss=[^&]*", "iss=https://evil.example", address))


def _code(address: str) -> str:
    return parse_qs(urlsplit(address).query)["code"][0]


async def an_hour_later(home: Home, whose: StoredRecord) -> None:
    """The login was an hour ago, here and there."""
    await home.provider.an_hour_later()
    with home.as_administrator() as administrator:
        sessions = administrator.execute(
            "UPDATE portal.session SET authenticated_at = authenticated_at - interval '1 hour' WHERE customer_id = %s",
            [whose.record.id],
        )
        assert sessions.rowcount == 1
