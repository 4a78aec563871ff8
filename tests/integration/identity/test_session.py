"""How long a login lasts, whose it is, and that nothing of it can be taken over."""

import re
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from portal.identity import tokens
from portal.identity.session import FIND_WITH_RECORD
from portal.record.read import StoredRecord
from portal.work import transaction
from tests.conftest import Stores
from tests.integration.identity.browser import Browser, a_subject, known_at
from tests.integration.identity.conftest import Doors

COOKIE = "portal_session"


@pytest.fixture
async def alices_login(provider: str, alice: StoredRecord) -> str:
    return await known_at(provider, a_subject("alice"), customer_number=alice.record.number)


@pytest.fixture
async def bobs_login(provider: str, bob: StoredRecord) -> str:
    return await known_at(provider, a_subject("bob"), customer_number=bob.record.number)


async def inside(browser: Browser) -> bool:
    return (await browser.here.get("/record")).status_code == 200


def stored(owner: psycopg.Connection[Any], token: str | None) -> dict[str, Any]:
    assert token is not None
    row = owner.execute(
        "SELECT to_jsonb(s) FROM portal.session s WHERE token_hash = %s", [tokens.digest(token)]
    ).fetchone()
    return {} if row is None else dict(row[0])


def move(owner: psycopg.Connection[Any], token: str | None, column: str, by: str) -> None:
    """As if time had passed."""
    assert token is not None
    owner.execute(
        f"UPDATE portal.session SET {column} = {column} - interval '{by}' WHERE token_hash = %s".encode(),
        [tokens.digest(token)],
    )


async def test_the_database_knows_neither_token_nor_id_token(
    doors: Doors, owner: psycopg.Connection[Any], alices_login: str
) -> None:
    async with doors.browser() as browser:
        await browser.log_in(alices_login)
        token = browser.cookie(COOKIE)
        row = stored(owner, token)
    assert token is not None and tokens.well_formed(token)
    assert row["audience"] == "customer" and row["provider"] == "main"
    assert token not in str(row) and "eyJ" not in bytes.fromhex(row["id_token"].removeprefix("\\x")).decode("latin1")


async def test_the_cookie_is_for_the_portal_alone_and_lasts_as_long_as_the_browser(
    doors: Doors, alices_login: str
) -> None:
    async with doors.browser() as browser:
        cookies = (await browser.log_in(alices_login)).headers.get_list("set-cookie")
    (session,) = [cookie for cookie in cookies if cookie.startswith(COOKIE)]
    assert re.fullmatch(r"portal_session=[\w-]{43}; HttpOnly; Path=/; SameSite=lax", session)
    (login,) = [cookie for cookie in cookies if cookie.startswith("portal_login_")]
    assert "Max-Age=0" in login


class TestExpiry:
    @pytest.mark.asvs("7.3.1")
    async def test_idle(self, doors: Doors, owner: psycopg.Connection[Any], alices_login: str) -> None:
        async with doors.browser() as browser:
            await browser.log_in(alices_login)
            move(owner, browser.cookie(COOKIE), "seen_at", "29 minutes")
            assert await inside(browser)
            move(owner, browser.cookie(COOKIE), "seen_at", "31 minutes")
            assert not await inside(browser)

    @pytest.mark.asvs("7.3.2")
    async def test_absolute_however_busy(self, doors: Doors, owner: psycopg.Connection[Any], alices_login: str) -> None:
        async with doors.browser() as browser:
            await browser.log_in(alices_login)
            move(owner, browser.cookie(COOKIE), "expires_at", "11 hours 59 minutes")
            assert await inside(browser)
            move(owner, browser.cookie(COOKIE), "expires_at", "2 minutes")
            assert not await inside(browser)

    async def test_use_is_noted_at_most_once_a_minute(
        self, doors: Doors, owner: psycopg.Connection[Any], alices_login: str
    ) -> None:
        async with doors.browser() as browser:
            await browser.log_in(alices_login)
            token = browser.cookie(COOKIE)
            began = stored(owner, token)["seen_at"]
            await inside(browser)
            assert stored(owner, token)["seen_at"] == began
            move(owner, token, "seen_at", "61 seconds")
            await inside(browser)
            assert stored(owner, token)["seen_at"] > began

    async def test_what_is_expired_is_removed_and_nothing_else(
        self, doors: Doors, stores: Stores, owner: psycopg.Connection[Any], alices_login: str, bobs_login: str
    ) -> None:
        async with doors.browser() as alice, doors.browser() as idle, doors.browser() as bob:
            for browser, login in ((alice, alices_login), (idle, alices_login), (bob, bobs_login)):
                await browser.log_in(login)
            await bob.begin("/login/start/customer/main")
            owner.execute("UPDATE portal.login_transaction SET expires_at = clock_timestamp() - interval '1 second'")
            move(owner, alice.cookie(COOKIE), "expires_at", "13 hours")
            move(owner, idle.cookie(COOKIE), "seen_at", "31 minutes")
            removed = await stores.worker.database.fetch_one("SELECT * FROM portal.identity_purge_v1()")
            assert removed is not None and removed["sessions"] >= 2 and removed["transactions"] >= 1
            assert stored(owner, alice.cookie(COOKIE)) == {} == stored(owner, idle.cookie(COOKIE))
            assert await inside(bob)
        assert owner.execute("SELECT count(*) FROM portal.login_transaction").fetchone() == (0,)


@pytest.mark.asvs("7.2.4")
class TestFixation:
    async def test_a_session_id_that_was_set_beforehand_is_not_adopted(self, doors: Doors, alices_login: str) -> None:
        async with doors.browser() as browser:
            planted = tokens.new()
            browser.put_cookie(COOKIE, planted)
            await browser.log_in(alices_login)
            assert browser.cookie(COOKIE) != planted
            async with doors.browser() as mallory:
                mallory.put_cookie(COOKIE, planted)
                assert not await inside(mallory)

    async def test_mallorys_own_session_planted_in_alices_browser_ends_and_does_not_become_hers(
        self, doors: Doors, alices_login: str, bobs_login: str, alice: StoredRecord
    ) -> None:
        async with doors.browser() as mallory, doors.browser() as browser:
            await mallory.log_in(bobs_login)
            browser.put_cookie(COOKIE, mallory.cookie(COOKIE) or "")
            await browser.log_in(alices_login, "/login/start/customer/main")
            assert not await inside(mallory)
            assert (await browser.here.get("/record")).json()["customer"] == str(alice.record.id)

    async def test_each_login_has_a_new_id_and_ends_the_old_session(
        self, doors: Doors, owner: psycopg.Connection[Any], alices_login: str
    ) -> None:
        async with doors.browser() as browser:
            await browser.log_in(alices_login)
            first = browser.cookie(COOKIE)
            await browser.log_in(alices_login, "/login/start/customer/main")
            assert browser.cookie(COOKIE) != first
            assert stored(owner, first) == {}


@pytest.mark.asvs("7.2.1", "1.2.4")
@pytest.mark.parametrize(
    "value", ["", "x", "x" * 43, "x" * 44, "../../etc/passwd", "' OR 1=1 --", "\x00" * 43, "A" * 4_000]
)
async def test_a_made_up_token_opens_nothing(doors: Doors, value: str) -> None:
    async with doors.browser() as browser:
        for path in ("/record", "/desk"):
            headers = {"cookie": f"portal_session={value}; portal_session_staff={value}"}
            assert (await browser.here.get(path, headers=headers)).status_code == 303


@pytest.mark.asvs("8.2.1")
async def test_a_customers_token_opens_no_staff_room_and_the_other_way_round(
    doors: Doors, provider: str, alices_login: str
) -> None:
    grace = await known_at(provider, a_subject("grace"), roles=["crm-agents"])
    async with doors.browser() as browser, doors.browser() as crossed:
        await browser.log_in(alices_login)
        await browser.log_in(grace, "/login?as=staff")
        crossed.put_cookie("portal_session_staff", browser.cookie("portal_session") or "")
        crossed.put_cookie("portal_session", browser.cookie("portal_session_staff") or "")
        assert (await crossed.here.get("/desk")).status_code == 303
        assert (await crossed.here.get("/record")).status_code == 303


class TestRowLevelSecurity:
    """Whatever is asked as portal_customer, nobody else's session is in the answer."""

    @pytest.fixture
    async def everybody(self, doors: Doors, provider: str, alices_login: str, bobs_login: str) -> dict[str, str]:
        grace = await known_at(provider, a_subject("grace"), roles=["crm-agents"])
        async with doors.browser() as alice, doors.browser() as bob, doors.browser() as staff:
            await alice.log_in(alices_login)
            await bob.log_in(bobs_login)
            await staff.log_in(grace, "/login?as=staff")
            return {
                "alice": alice.cookie(COOKIE) or "",
                "bob": bob.cookie(COOKIE) or "",
                "grace": staff.cookie("portal_session_staff") or "",
            }

    async def test_unbound_there_are_none(self, stores: Stores, everybody: dict[str, str]) -> None:
        seen = await stores.customer.database.fetch_one("SELECT count(*) AS n FROM portal.session")
        assert seen == {"n": 0}

    async def test_bound_to_alice_there_are_hers(
        self, stores: Stores, alice: StoredRecord, everybody: dict[str, str]
    ) -> None:
        async with transaction(stores.customer.database, customer_id=alice.record.id) as bound:
            whose = (await bound.execute(text("SELECT customer_id FROM portal.session"))).scalars().all()
        assert set(whose) == {alice.record.id}

    async def test_with_a_token_there_is_its_own_and_only_for_that_statement(
        self, stores: Stores, alice: StoredRecord, everybody: dict[str, str]
    ) -> None:
        database = stores.customer.database
        ask = "SELECT f.*, (SELECT count(*) FROM portal.session) AS n FROM portal.session_find_v1(%s, 'customer') f"
        row = await database.fetch_one(ask, [tokens.digest(everybody["alice"])])
        assert row is not None and row["customer_id"] == alice.record.id
        for _ in range(8):
            assert await database.fetch_one("SELECT count(*) AS n FROM portal.session") == {"n": 0}

    async def test_a_token_finds_its_own_record_and_no_other(
        self, stores: Stores, alice: StoredRecord, everybody: dict[str, str]
    ) -> None:
        database = stores.customer.database
        for who, found in (("alice", [alice.record.id]), ("grace", [])):
            rows = await database.fetch_all(FIND_WITH_RECORD, [tokens.digest(everybody[who]), "customer"])
            assert [row["id"] for row in rows] == found
        assert await database.fetch_all(FIND_WITH_RECORD, [tokens.digest(tokens.new()), "customer"]) == []

    async def test_staff_sessions_are_not_there_even_with_their_token(
        self, stores: Stores, everybody: dict[str, str]
    ) -> None:
        for audience in ("customer", "staff"):
            found = await stores.customer.database.fetch_all(
                "SELECT * FROM portal.session_find_v1(%s, %s)", [tokens.digest(everybody["grace"]), audience]
            )
            assert found == []

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO portal.session SELECT * FROM portal.session",
            "DELETE FROM portal.session",
            "UPDATE portal.session SET customer_id = gen_random_uuid()",
            "UPDATE portal.session SET expires_at = 'infinity'",
            "SELECT * FROM portal.login_transaction",
            "DELETE FROM portal.login_transaction",
            "SELECT * FROM portal.staff",
        ],
    )
    async def test_the_customers_role_makes_and_changes_none(self, stores: Stores, statement: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await stores.customer.database.fetch_all(statement)

    async def test_noting_the_use_touches_nobody_elses(
        self, stores: Stores, alice: StoredRecord, everybody: dict[str, str], owner: psycopg.Connection[Any]
    ) -> None:
        async with transaction(stores.customer.database, customer_id=alice.record.id) as bound:
            done = await bound.execute(text("UPDATE portal.session SET seen_at = clock_timestamp()"))
        assert done.rowcount == 1
