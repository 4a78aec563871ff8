"""The provider says that somebody has logged out there: their sessions here end, and nobody else's."""

import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest
from sqlalchemy import URL

from portal.identity import arrivals
from portal.identity.accounts import Account
from portal.identity.arrivals import Waiting
from portal.identity.lifecycle import Proof
from portal.record.read import StoredRecord
from tests.conftest import Stores
from tests.integration.identity.browser import Browser, a_subject, asked
from tests.integration.identity.conftest import Doors, customers_at, opened, settings_for
from tests.integration.identity.hostile import HostileProvider
from tests.unit.identity.signing import MISSING, rsa_key

pytestmark = pytest.mark.asvs("10.5.5", "7.6.1")
ADDRESS, STAFF_ADDRESS = "/login/ended/customer/main", "/login/ended/staff/main"


@pytest.fixture
async def browser(besieged: Doors, hostile: HostileProvider, alice: StoredRecord) -> AsyncIterator[Browser]:
    """Alice's, logged in: the provider calls her by her customer number, and its session s-1."""
    async with besieged.browser() as made:
        await come_in(made, hostile, alice, sid="s-1")
        yield made


def subject(customer: StoredRecord) -> str:
    return f"alice-{customer.record.number}"


async def come_in(browser: Browser, hostile: HostileProvider, customer: StoredRecord, **claims: object) -> None:
    wanted = asked(await browser.begin("/login/start/customer/main"))
    number = customer.record.number
    hostile.vouch(wanted, **({"sub": subject(customer), "customer_number": number} | claims))
    response = await browser.come_back(f"{wanted['redirect_uri']}?state={wanted['state']}&code=abc")
    assert response.status_code == 303, response.text


async def tell(doors: Doors, token: object, address: str = ADDRESS) -> httpx2.Response:
    """As the provider's server does: no browser, no cookie."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(doors), base_url=doors.settings.origin) as http:
        return await http.post(address, data={"logout_token": token})


async def inside(browser: Browser, room: str = "/record") -> bool:
    return (await browser.here.get(room)).status_code == 200


class TestEnds:
    async def test_the_session_that_it_names(
        self, besieged: Doors, hostile: HostileProvider, browser: Browser, alice: StoredRecord
    ) -> None:
        async with besieged.browser() as elsewhere:
            await come_in(elsewhere, hostile, alice, sid="s-2")
            response = await tell(besieged, hostile.says_logged_out(sub=MISSING, sid="s-1"))
            assert response.status_code == 200 and response.headers["cache-control"] == "no-store"
            assert not await inside(browser) and await inside(elsewhere)

    async def test_the_session_that_it_names_beside_the_person(
        self, besieged: Doors, hostile: HostileProvider, browser: Browser, alice: StoredRecord
    ) -> None:
        async with besieged.browser() as elsewhere, besieged.browser() as unnamed:
            await come_in(elsewhere, hostile, alice, sid="s-2")
            await come_in(unnamed, hostile, alice)
            await tell(besieged, hostile.says_logged_out(sub=subject(alice), sid="s-1"))
            assert not await inside(browser) and await inside(elsewhere)
            assert not await inside(unnamed), "it may be that one: the provider never said"

    async def test_all_sessions_of_the_person_where_it_names_none(
        self, besieged: Doors, hostile: HostileProvider, browser: Browser, alice: StoredRecord
    ) -> None:
        async with besieged.browser() as elsewhere:
            await come_in(elsewhere, hostile, alice, sid="s-2")
            await tell(besieged, hostile.says_logged_out(sub=subject(alice)))
            assert not await inside(browser) and not await inside(elsewhere)

    async def test_staffs_sessions(self, besieged: Doors, hostile: HostileProvider) -> None:
        grace = a_subject("grace")
        async with besieged.browser() as browser:
            wanted = asked(await browser.begin("/login?as=staff"))
            hostile.vouch(wanted, sub=grace, roles=["crm-agents"])
            await browser.come_back(f"{wanted['redirect_uri']}?state={wanted['state']}&code=abc")
            assert await inside(browser, "/desk")
            wrong = await tell(besieged, hostile.says_logged_out(sub=grace), STAFF_ADDRESS)
            assert wrong.status_code == 400, "a token for the customers' client"
            await tell(besieged, hostile.says_logged_out("portal-staff", sub=grace), STAFF_ADDRESS)
            assert not await inside(browser, "/desk")


class TestTheQuestionWhetherToConnect:
    """Who sits at it has no session yet."""

    @pytest.fixture
    async def token(self, hostile: HostileProvider, stores: Stores, alice: StoredRecord) -> str:
        """For the browser of somebody whom the provider's session s-1 brought there."""
        account = Account("main", hostile.issuer, subject(alice), "Alice")
        proof = Proof("main", "an ID token", None, None, "s-1")
        waiting = Waiting(alice.record.id, uuid4(), None, account, None, proof)
        return await arrivals.keep(stores.staff.database, waiting)

    @pytest.mark.parametrize(("names_her", "sid"), [(True, None), (True, "s-1"), (False, "s-1")])
    async def test_is_withdrawn_once_they_have_logged_out_there(
        self,
        besieged: Doors,
        hostile: HostileProvider,
        stores: Stores,
        alice: StoredRecord,
        token: str,
        names_her: bool,
        sid: str | None,
    ) -> None:
        assert await arrivals.look(stores.staff.database, token) is not None
        said = hostile.says_logged_out(sub=subject(alice) if names_her else MISSING, sid=sid or MISSING)
        assert (await tell(besieged, said)).status_code == 200
        assert await arrivals.look(stores.staff.database, token) is None

    @pytest.mark.parametrize(("names_her", "sid"), [(True, "s-9"), (False, "s-9"), (False, None)])
    async def test_stays_where_another_session_or_person_is_meant(
        self,
        besieged: Doors,
        hostile: HostileProvider,
        stores: Stores,
        alice: StoredRecord,
        token: str,
        names_her: bool,
        sid: str | None,
    ) -> None:
        other = MISSING if sid else "somebody-else"
        said = hostile.says_logged_out(sub=subject(alice) if names_her else other, sid=sid or MISSING)
        assert (await tell(besieged, said)).status_code == 200
        assert await arrivals.look(stores.staff.database, token) is not None


class TestEndsNobodyElses:
    @pytest.mark.parametrize(
        "claims", [{"sub": "somebody-else"}, {"sub": "somebody-else", "sid": "s-1"}, {"sub": MISSING, "sid": "s-9"}]
    )
    async def test_another_person_or_session(
        self, besieged: Doors, hostile: HostileProvider, browser: Browser, claims: dict[str, Any]
    ) -> None:
        response = await tell(besieged, hostile.says_logged_out(**claims))
        assert response.status_code == 200, "it is true, and concerns nobody here"
        assert await inside(browser)

    async def test_the_same_words_of_another_provider(
        self,
        besieged: Doors,
        hostile: HostileProvider,
        browser: Browser,
        alice: StoredRecord,
        database_url: URL,
        stores: Stores,
    ) -> None:
        """One provider is hostile, and knows the subject and the session of the other one."""
        with HostileProvider() as evil:
            both = {"main": customers_at(hostile.issuer), "evil": customers_at(evil.issuer)}
            async with opened(settings_for(database_url, hostile.issuer, customer_oidc=both), stores) as doors:
                theirs = evil.says_logged_out(sub=subject(alice), sid="s-1")
                assert (await tell(doors, theirs, "/login/ended/customer/evil")).status_code == 200
                assert (await tell(doors, theirs)).status_code == 400
                forged = evil.says_logged_out(sub=subject(alice), sid="s-1", iss=hostile.issuer, key=rsa_key("evil"))
                assert (await tell(doors, forged, "/login/ended/customer/evil")).status_code == 400
        assert await inside(browser)


async def test_a_token_is_heard_once(
    besieged: Doors, hostile: HostileProvider, browser: Browser, alice: StoredRecord, owner: psycopg.Connection[Any]
) -> None:
    token = hostile.says_logged_out(sub=subject(alice))
    assert (await tell(besieged, token)).status_code == 200
    await come_in(browser, hostile, alice)
    assert (await tell(besieged, token)).status_code == 400
    assert await inside(browser)
    owner.execute("UPDATE portal.logout_token SET expires_at = clock_timestamp() - interval '1 second'")
    await tell(besieged, hostile.says_logged_out(sub="somebody-else"))
    assert owner.execute("SELECT count(*) FROM portal.logout_token").fetchone() == (1,), "what is too old is forgotten"


REFUSED: dict[str, dict[str, Any]] = {
    "typ of an ID token": {"header": {"typ": "JWT"}},
    "no typ": {"header": {"typ": MISSING}},
    "somebody else's key": {"key": rsa_key("x"), "header": {"kid": "rsa"}},
    "an unknown key": {"key": rsa_key("unknown")},
    "wrong iss": {"iss": "https://evil.example"},
    "wrong aud": {"aud": "another-client"},
    "the other audience's client": {"aud": "portal-staff"},
    "expired": {"exp": int(time.time()) - 120},
    "no exp": {"exp": MISSING},
    "old": {"iat": int(time.time()) - 900},
    "no iat": {"iat": MISSING},
    "a nonce": {"nonce": "n"},
    "no jti": {"jti": MISSING},
    "no events": {"events": MISSING},
    "another event": {"events": {"https://example.com/other": {}}},
    "neither sub nor sid": {"sub": MISSING, "sid": MISSING},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
async def test_a_token_that_breaks_a_rule_ends_nothing(
    besieged: Doors, hostile: HostileProvider, browser: Browser, alice: StoredRecord, changes: dict[str, Any]
) -> None:
    token = hostile.says_logged_out(**({"sub": subject(alice), "sid": "s-1"} | changes))
    response = await tell(besieged, token)
    assert response.status_code == 400 and response.headers["cache-control"] == "no-store"
    assert response.json() == {"error": "invalid_request"}, "no word about which rule it was"
    assert await inside(browser)


async def test_what_is_no_logout_request_is_refused(
    besieged: Doors, hostile: HostileProvider, browser: Browser, alice: StoredRecord
) -> None:
    token = hostile.says_logged_out(sub=subject(alice))
    for sent in ("", [token, token]):
        assert (await tell(besieged, sent)).status_code == 400
    here = browser.here
    assert (await here.post(ADDRESS)).status_code == 400
    assert (await here.post(ADDRESS, json={"logout_token": token})).status_code == 400
    assert (await here.get(f"{ADDRESS}?logout_token={token}")).status_code == 405
    assert (await tell(besieged, token, "/login/ended/customer/none")).status_code == 404
    assert (await tell(besieged, token, "/login/ended/nobody/main")).status_code == 404
    assert await inside(browser)


async def test_while_the_providers_keys_cannot_be_fetched_it_may_say_it_again(
    besieged: Doors, hostile: HostileProvider, alice: StoredRecord
) -> None:
    token = hostile.says_logged_out(sub=subject(alice))
    hostile.answers["/jwks"] = (503, {})
    assert (await tell(besieged, token)).status_code == 503
