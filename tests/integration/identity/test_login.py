"""Logging in with the demo's provider, over real HTTP, on a real database."""

import asyncio
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import URL

from portal.audit.entry import ActorKind
from portal.record.read import StoredRecord, read
from tests.conftest import Stores
from tests.integration.identity.browser import a_subject, asked, known_at
from tests.integration.identity.conftest import Doors, customers_at, opened, settings_for

COOKIE, STAFF_COOKIE = "portal_session", "portal_session_staff"


@pytest.fixture
async def alices_login(provider: str, alice: StoredRecord) -> str:
    """Alice's subject at a provider that knows her customer number."""
    return await known_at(provider, a_subject("alice"), name="Alice M.", customer_number=alice.record.number)


async def test_a_customer_logs_in_and_comes_back_to_where_they_wanted_to_go(
    doors: Doors, alice: StoredRecord, alices_login: str
) -> None:
    async with doors.browser() as browser:
        stopped = await browser.here.get("/record?part=notes")
        assert stopped.status_code == 303

        answer = await browser.log_in(alices_login, stopped.headers["location"])

        assert (answer.status_code, answer.headers["location"]) == (303, "/record?part=notes")
        inside = (await browser.here.get("/record")).json()
        assert inside["customer"] == str(alice.record.id)
        assert inside["name"] == "Alice Marsh", "the record's name, not the provider's"


async def test_the_first_login_is_linked_by_a_change_record_and_the_second_finds_it(
    doors: Doors, stores: Stores, provider: str, alice: StoredRecord, alices_login: str
) -> None:
    async with doors.browser() as browser:
        await browser.log_in(alices_login)
    async with doors.browser() as browser:
        await browser.log_in(alices_login)

    stored = await read(stores.staff.database, stores.staff.keys, alice.record.id)
    assert stored is not None and stored.record.seq == 2
    (login,) = stored.record.logins
    assert (login.issuer, login.subject) == (provider, alices_login)
    entry = stored.recent[0].entry
    assert entry.action == "login:linked"
    assert (entry.actor.kind, entry.actor.via) == (ActorKind.SYSTEM, "portal")
    assert sorted(entry.paths) == [f"logins/{login.id}/issuer", f"logins/{login.id}/subject"]
    assert entry.evidence.facts == {"basis": "trusted_claim", "claim": "customer_number", "provider": "main"}
    assert entry.evidence.personal["ip"] == "192.0.2.7"


async def test_staff_come_in_by_their_roles(doors: Doors, provider: str) -> None:
    grace = await known_at(
        provider, a_subject("grace"), name="Grace Okafor", email="grace@example.com", locale="de", roles=["crm-agents"]
    )
    async with doors.browser() as browser:
        answer = await browser.log_in(grace, "/login?as=staff&next=/desk%3Fq=Marsh")
        assert answer.headers["location"] == "/desk?q=Marsh"
        inside = (await browser.here.get("/desk")).json()
        assert (inside["name"], inside["roles"], inside["language"]) == ("Grace Okafor", ["agent"], "de")
        assert (await browser.here.get("/audit")).status_code == 403
        assert (await browser.here.get("/record")).status_code == 303, "a member of staff is no customer"


async def test_one_browser_may_hold_a_customers_session_and_one_of_staff(
    doors: Doors, provider: str, alices_login: str
) -> None:
    grace = await known_at(provider, a_subject("grace"), name="Grace", roles=["crm-agents"])
    async with doors.browser() as browser:
        first = await browser.log_in(alices_login)
        second = await browser.log_in(grace, "/login?as=staff")
        assert (first.headers["location"], second.headers["location"]) == ("/record", "/desk")
        assert (await browser.here.get("/record")).status_code == 200
        assert (await browser.here.get("/desk")).status_code == 200
        assert browser.cookie(COOKIE) != browser.cookie(STAFF_COOKIE)


@pytest.mark.asvs("10.1.2", "10.2.1")
async def test_the_login_is_for_its_own_client_with_a_challenge_and_a_nonce(doors: Doors) -> None:
    async with doors.browser() as browser:
        ours, theirs = asked(await browser.begin("/login")), asked(await browser.begin("/login?as=staff"))
    assert (ours["client_id"], theirs["client_id"]) == ("portal-customers", "portal-staff")
    assert ours["redirect_uri"] == "http://localhost:8000/login/callback/customer/main"
    assert theirs["redirect_uri"] == "http://localhost:8000/login/callback/staff/main"
    assert ours["code_challenge_method"] == "S256" and ours["response_type"] == "code"
    for name in ("state", "nonce", "code_challenge"):
        assert len(ours[name]) == 43 and ours[name] != theirs[name]


async def test_who_is_logged_in_already_is_not_sent_to_the_provider_again(doors: Doors, alices_login: str) -> None:
    async with doors.browser() as browser:
        await browser.log_in(alices_login)
        assert (await browser.here.get("/login?next=/record")).headers["location"] == "/record"
        again = await browser.begin("/login/start/customer/main?again=1")
        assert asked(again)["prompt"] == "login"


@pytest.mark.asvs("3.7.2")
async def test_a_login_leads_nowhere_else(doors: Doors, alices_login: str) -> None:
    async with doors.browser() as browser:
        answer = await browser.log_in(alices_login, "/login?next=https://evil.example/")
        assert answer.headers["location"] == "/record"
        assert (await browser.here.get("/login?next=//evil.example/")).headers["location"] == "/"


class TestNotYetLinked:
    """The page is the same whether there is such a customer, another one, or none: nothing is learned from it."""

    async def pending(self, doors: Doors, subject: str) -> str:
        async with doors.browser() as browser:
            answer = await browser.log_in(subject)
            assert answer.status_code == 403
            assert browser.cookie(COOKIE) is None
            assert (await browser.here.get("/record")).status_code == 303
        return answer.text.replace(subject, "SUBJECT")

    @pytest.mark.asvs("6.3.8")
    async def test_nobody_learns_who_is_a_customer(
        self, doors: Doors, stores: Stores, provider: str, alice: StoredRecord, alices_login: str
    ) -> None:
        async with doors.browser() as browser:
            await browser.log_in(alices_login)
        number = alice.record.number
        mallory = [
            await known_at(provider, a_subject("mallory"), **claims)
            for claims in (
                {},
                {"customer_number": "no-such-number"},
                {"customer_number": [number]},
                {"customer_number": {"number": number}},
                {"customer_number": f"{number}\x00"},
                {"email": "alice@example.com", "email_verified": True},
                # Alice has a login at this provider already: a second one is for a person to look at.
                {"customer_number": number},
            )
        ]
        pages = [await self.pending(doors, subject) for subject in mallory]
        pages[5] = pages[5].replace("alice@example.com", "SUBJECT")
        assert set(pages) == {pages[0]}
        assert "not connected" in pages[0] and number not in pages[0] and "Alice" not in pages[0]
        stored = await read(stores.staff.database, stores.staff.keys, alice.record.id)
        assert stored is not None and len(stored.record.logins) == 1, "nothing was linked"
        assert stored.record.seq == 3, "and that somebody claimed her number was written down"

    @pytest.mark.asvs("10.5.2")
    async def test_a_login_stays_with_its_customer_whatever_number_comes_later(
        self, doors: Doors, provider: str, alice: StoredRecord, bob: StoredRecord, alices_login: str
    ) -> None:
        async with doors.browser() as browser:
            await browser.log_in(alices_login)
        await known_at(provider, alices_login, customer_number=bob.record.number)
        async with doors.browser() as browser:
            await browser.log_in(alices_login)
            assert (await browser.here.get("/record")).json()["customer"] == str(alice.record.id)

    async def test_without_a_trusted_claim_nobody_is_linked_by_it(
        self, database_url: URL, stores: Stores, provider: str, alices_login: str
    ) -> None:
        untrusting = settings_for(
            database_url, provider, customer_oidc={"main": customers_at(provider, number_claim="")}
        )
        async with opened(untrusting, stores) as doors:
            await self.pending(doors, alices_login)


@pytest.mark.asvs("15.4.2")
class TestAtTheSameMoment:
    async def answers(self, doors: Doors, *subjects: str) -> list[int]:
        """Everybody comes back from the provider at once."""
        async with AsyncExitStack() as stack:
            browsers = [await stack.enter_async_context(doors.browser()) for _ in subjects]
            addresses = [await b.choose(await b.begin(), s) for b, s in zip(browsers, subjects, strict=True)]
            responses = await asyncio.gather(*(b.come_back(a) for b, a in zip(browsers, addresses, strict=True)))
        return sorted(response.status_code for response in responses)

    async def logins(self, stores: Stores, customer: StoredRecord) -> list[str]:
        stored = await read(stores.staff.database, stores.staff.keys, customer.record.id)
        assert stored is not None
        return [login.subject for login in stored.record.logins]

    async def test_two_first_logins_of_one_person_link_once_and_both_come_in(
        self, doors: Doors, stores: Stores, alice: StoredRecord, alices_login: str
    ) -> None:
        assert await self.answers(doors, *[alices_login] * 4) == [303] * 4
        assert await self.logins(stores, alice) == [alices_login]

    async def test_of_two_who_give_the_same_number_one_is_linked(
        self, doors: Doors, stores: Stores, provider: str, alice: StoredRecord, alices_login: str
    ) -> None:
        other = await known_at(provider, a_subject("mallory"), customer_number=alice.record.number)
        assert await self.answers(doors, alices_login, other) == [303, 403]
        assert len(await self.logins(stores, alice)) == 1

    async def test_one_login_is_linked_to_one_customer_whichever_number_it_gives(
        self, doors: Doors, stores: Stores, provider: str, alice: StoredRecord, bob: StoredRecord, alices_login: str
    ) -> None:
        """The provider changes its word between two callbacks; the database keeps a login with one customer."""
        async with doors.browser() as one, doors.browser() as other:
            first = await one.choose(await one.begin(), alices_login)
            second = await other.choose(await other.begin(), alices_login)
            await one.come_back(first)
            await known_at(provider, alices_login, customer_number=bob.record.number)
            await other.come_back(second)
        assert await self.logins(stores, alice) == [alices_login]
        assert await self.logins(stores, bob) == []


@pytest.mark.asvs("8.3.2")
class TestStaffWithoutARole:
    async def test_is_told_so_and_gets_no_session(self, doors: Doors, provider: str) -> None:
        oscar = await known_at(provider, a_subject("oscar"), name="Oscar Lindqvist", roles=["everyone", "agent"])
        async with doors.browser() as browser:
            answer = await browser.log_in(oscar, "/login?as=staff")
            assert answer.status_code == 403 and "Oscar Lindqvist" in answer.text and "no role" in answer.text
            assert browser.cookie(STAFF_COOKIE) is None

    async def test_a_role_that_is_withdrawn_ends_the_sessions_at_the_next_login(
        self, doors: Doors, provider: str, owner: psycopg.Connection
    ) -> None:
        grace = await known_at(provider, a_subject("grace"), name="Grace", roles=["crm-agents"])
        async with doors.browser() as at_work, doors.browser() as at_home:
            await at_work.log_in(grace, "/login?as=staff")
            await known_at(provider, grace, name="Grace", roles=[])
            assert (await at_home.log_in(grace, "/login?as=staff")).status_code == 403
            assert (await at_work.here.get("/desk")).status_code == 303
        row = owner.execute("SELECT roles FROM portal.staff WHERE subject = %s", [grace]).fetchone()
        assert row == ([],)

    async def test_another_role_ends_the_sessions_that_were_begun_in_the_old_one(
        self, doors: Doors, provider: str
    ) -> None:
        grace = await known_at(provider, a_subject("grace"), name="Grace", roles=["crm-agents"])
        async with doors.browser() as at_work, doors.browser() as at_home:
            await at_work.log_in(grace, "/login?as=staff")
            await known_at(provider, grace, name="Grace", roles=["crm-agents", "crm-audit"])
            await at_home.log_in(grace, "/login?as=staff")
            assert (await at_home.here.get("/audit")).status_code == 200
            assert (await at_work.here.get("/desk")).status_code == 303


async def test_who_says_no_at_the_provider_is_told_kindly_and_can_try_again(doors: Doors) -> None:
    async with doors.browser() as browser:
        url = await browser.begin("/login?next=/record")
        answer = await browser.come_back(await browser.decline(url) + f"&state={asked(url)['state']}")
        assert answer.status_code == 400
        assert "cancelled" in answer.text and "/login/start/customer/main?next=%2Frecord" in answer.text


@pytest.mark.parametrize("path", ["/login/start/nobody/main", "/login/callback/nobody/main?state=x&code=y"])
async def test_there_is_no_other_audience(doors: Doors, path: str) -> None:
    async with doors.browser() as browser:
        assert (await browser.here.get(path)).status_code == 404


@pytest.mark.asvs("3.3.1", "3.3.2", "3.3.3", "3.3.4")
async def test_over_https_the_cookies_are_bound_to_host_and_path(doors: Doors) -> None:
    doors.settings = doors.settings.model_copy(update={"public_url": "https://portal.example.com"})
    doors.services = type(doors.services)(
        doors.settings, doors.services.catalogue, doors.services.customers, doors.services.staff
    )
    doors.settings.__dict__.pop("origin", None)
    async with doors.browser() as browser:
        response = await browser.here.get("/login")
        assert urlsplit(asked(response.headers["location"])["redirect_uri"]).scheme == "https"
        cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-portal_login_")
    for part in ("HttpOnly", "Max-Age=600", "Path=/", "SameSite=lax", "Secure"):
        assert part in cookie
    assert "Domain" not in cookie
