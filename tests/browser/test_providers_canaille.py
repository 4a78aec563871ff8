"""Logging in with Canaille: an independent provider whose metadata are hostile as they are. It offers ID tokens without
a signature, says nothing of whether an e-mail address is verified, and names no audience unless it is told to."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import URL

from portal.cli.provider_checks import ask_providers
from portal.settings import Settings
from tests.browser.house import Doorstep, house, origin_of
from tests.builders import a_customer, a_number
from tests.conftest import Stores
from tests.integration.web.browsing import listening
from tests.providers.running import canaille

# A customer's number is their user name there: nobody can change their own.
ALICE, BOB, GRACE, OSCAR = a_number(), a_number(), "grace", "oscar"
NAMES = {ALICE: ("Alice", "Marsh"), BOB: ("Bob", "Keller"), GRACE: ("Grace", "Okafor"), OSCAR: ("Oscar", "Lindqvist")}
USERS = [
    {
        "user_name": login,
        "password": f"{login}'s password",
        "given_name": given,
        "family_name": family,
        "formatted_name": f"{given} {family}",
        "emails": [f"{login.lower()}@example.com"],
    }
    for login, (given, family) in NAMES.items()
]
GROUPS = [{"display_name": "crm-agents", "members": [GRACE]}]


@pytest.fixture(scope="module")
async def portal(
    database_url: URL, stores: Stores, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Settings]:
    """The portal's settings."""
    await a_customer(stores.worker, number=ALICE)
    with listening() as bound:
        origin = origin_of(bound)
        clients = [_client(origin, "customer", "main"), _client(origin, "staff", "main")]
        clients.append(_client(origin, "customer", "nobodys") | {"audience": []})
        clients.append(_client(origin, "customer", "unlisted") | {"id_token_signed_response_alg": "RS512"})
        with canaille(USERS, GROUPS, clients, tmp_path_factory.mktemp("canaille")) as issuer:
            settings = {"issuer": issuer, "client_secret": "secret"}
            customers = {
                name: settings | {"client_id": f"customer-{name}", "number_claim": "sub"}
                for name in ("main", "nobodys", "unlisted")
            }
            staff = settings | {"client_id": "staff-main", "scopes": "openid profile groups"}
            staff |= {"roles_claim": "groups", "roles": "crm-agents=agent"}
            async with house(database_url, bound, customers=customers, staff={"main": staff}) as known:
                yield known


def _client(origin: str, audience: str, name: str) -> dict[str, object]:
    return {
        "client_id": f"{audience}-{name}",
        "client_secret": "secret",
        "client_name": "Northwind",
        "client_uri": origin,
        "redirect_uris": [f"{origin}/login/callback/{audience}/{name}"],
        "post_logout_redirect_uris": [f"{origin}/"],
        "scope": ["openid", "profile", "email", "groups"],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": "RS256",
    }


@pytest.fixture
async def come(chromium: Browser, portal: Settings) -> AsyncIterator[Doorstep]:
    # Without scripts: with them, its pages look at what is typed while it is typed, and may drop it again.
    doorstep = Doorstep(chromium, portal.origin, scripts=False)
    yield doorstep
    problems = await doorstep.leave()
    assert not problems, "\n".join(problems)


async def log_in(page: Page, login: str, password: str | None = None) -> None:
    await page.get_by_label("Login").fill(login)
    await page.get_by_role("button", name="Continue").click()
    await page.locator("input[name=password]").fill(password or f"{login}'s password")
    await page.get_by_role("button", name="Sign in").click()


async def test_it_is_as_hostile_as_we_take_it_for(portal: Settings) -> None:
    issuer = portal.customer_oidc["main"].issuer
    async with httpx2.AsyncClient(trust_env=False) as client:
        document = (await client.get(f"{issuer}/.well-known/openid-configuration")).json()
    assert "none" in document["id_token_signing_alg_values_supported"]
    assert "none" in document["token_endpoint_auth_methods_supported"]


async def test_the_doctor_finds_nothing_that_keeps_anybody_out(portal: Settings) -> None:
    assert [finding.advice for finding in await ask_providers(portal) if finding.wrong] == []


async def test_a_customer_logs_in_and_out_again(come: Doorstep) -> None:
    page = await come()
    await page.goto("/login/start/customer/main?next=/record/changes")
    await log_in(page, ALICE, "a wrong password")
    await expect(page.get_by_text("Login failed").first).to_be_visible()
    await page.locator("input[name=password]").fill(f"{ALICE}'s password")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Accept").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("Everything that was changed")
    await page.locator("summary").filter(has_text="Alice Marsh").click()
    await page.get_by_role("button", name="Log out").click()

    await expect(page.get_by_role("heading", level=1)).to_have_text("See what we know about you. Set it right.")
    await page.goto("/record")
    await expect(page).not_to_have_url(f"{come.origin}/record")


async def test_who_says_no_there_is_told_kindly_here(come: Doorstep) -> None:
    page = await come()
    await page.goto("/login/start/customer/main")
    await log_in(page, BOB)
    await page.get_by_role("button", name="Deny").click()

    await expect(page.get_by_role("alert").filter(has_text="That did not work")).to_be_visible()
    assert not [cookie for cookie in await page.context.cookies(come.origin) if "session" in cookie["name"]]


async def test_whom_nobody_connected_sees_nothing(come: Doorstep) -> None:
    """Bob has an account there, with an e-mail address that nobody vouches for, and is no customer here."""
    page = await come()
    await page.goto("/login/start/customer/main")
    await log_in(page, BOB)
    await page.get_by_role("button", name="Accept").click()

    await expect(page.get_by_text("not connected")).to_be_visible()
    await expect(page.get_by_text(ALICE)).to_have_count(0)


@pytest.mark.parametrize(
    "client",
    [
        pytest.param("nobodys", marks=pytest.mark.asvs("9.2.3", "10.5.4")),
        pytest.param("unlisted", marks=pytest.mark.asvs("9.1.2")),
    ],
)
async def test_an_id_token_for_nobody_or_signed_in_an_unlisted_way_lets_nobody_in(come: Doorstep, client: str) -> None:
    page = await come()
    await page.goto(f"/login/start/customer/{client}")
    await log_in(page, ALICE)
    await page.get_by_role("button", name="Accept").click()

    await expect(page.get_by_role("alert").filter(has_text="That did not work")).to_be_visible()
    assert not [cookie for cookie in await page.context.cookies(come.origin) if "session" in cookie["name"]]


async def test_staff_come_in_by_their_group(come: Doorstep) -> None:
    desk = await come()
    await desk.goto("/desk")
    await log_in(desk, GRACE)
    await desk.get_by_role("button", name="Accept").click()
    await expect(desk.get_by_label("Find a customer")).to_be_visible()

    page = await come()
    await page.goto("/desk")
    await log_in(page, OSCAR)
    await page.get_by_role("button", name="Accept").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your account has no role in this portal")
