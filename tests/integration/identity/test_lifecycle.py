"""Sessions from their beginning to what is left of them: times for each audience, use from all sides, and the end."""

import asyncio
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL

from portal.identity import tokens
from portal.record.read import StoredRecord
from tests.conftest import Stores
from tests.integration.identity.browser import Browser, a_subject, known_at
from tests.integration.identity.conftest import Doors, opened, settings_for

COOKIE, STAFF_COOKIE = "portal_session", "portal_session_staff"

Owner = psycopg.Connection[Any]


@pytest.fixture
async def alices_login(provider: str, alice: StoredRecord) -> str:
    return await known_at(provider, a_subject("alice"), customer_number=alice.record.number)


@pytest.fixture
async def graces_login(provider: str) -> str:
    return await known_at(provider, a_subject("grace"), roles=["crm-agents"])


async def inside(browser: Browser) -> bool:
    return (await browser.here.get("/record")).status_code == 200


def hash_of(browser: Browser, cookie: str = COOKIE) -> bytes:
    token = browser.cookie(cookie)
    assert token is not None
    return tokens.digest(token)


def left_of(owner: Owner, token: str | None) -> list[tuple[Any, ...]]:
    """What says whose a session was that has ended."""
    assert token is not None
    secret = tokens.form_hash(tokens.form_secret(token))
    return owner.execute("SELECT audience, whose FROM portal.ended_session WHERE form_hash = %s", [secret]).fetchall()


@pytest.mark.asvs("7.3.1", "7.3.2")
async def test_staff_and_customers_may_have_other_times(
    database_url: URL, stores: Stores, provider: str, owner: Owner, alices_login: str, graces_login: str
) -> None:
    settings = settings_for(
        database_url, provider, session_hours=12, session_idle_minutes=30, staff_session_hours=8,
        staff_session_idle_minutes=15,
    )  # fmt: skip
    async with opened(settings, stores) as doors, doors.browser() as browser:
        await browser.log_in(alices_login)
        await browser.log_in(graces_login, "/login?as=staff")
        times = {
            cookie: owner.execute(
                "SELECT extract(epoch FROM expires_at - created_at)::int / 60, extract(epoch FROM idle)::int / 60 "
                "FROM portal.session WHERE token_hash = %s",
                [hash_of(browser, cookie)],
            ).fetchone()
            for cookie in (COOKIE, STAFF_COOKIE)
        }
    assert times == {COOKIE: (12 * 60, 30), STAFF_COOKIE: (8 * 60, 15)}


@pytest.mark.asvs("7.3.1", "7.3.2")
@pytest.mark.parametrize("column", ["seen_at", "expires_at"])
async def test_the_database_says_what_time_it_is(
    doors: Doors, owner: Owner, alices_login: str, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A web process whose clock is wrong keeps nobody in and throws nobody out."""
    async with doors.browser() as browser:
        await browser.log_in(alices_login)
        monkeypatch.setattr("time.time", lambda: 0.0)
        assert await inside(browser)
        statement = f"UPDATE portal.session SET {column} = {column} - interval '13 hours' WHERE token_hash = %s"
        owner.execute(statement.encode(), [hash_of(browser)])
        assert not await inside(browser)


@pytest.mark.asvs("15.4.2")
class TestFromAllSides:
    async def test_many_requests_at_once_are_one_session(self, doors: Doors, owner: Owner, alices_login: str) -> None:
        async with doors.browser() as browser:
            await browser.log_in(alices_login)
            owner.execute(
                "UPDATE portal.session SET seen_at = seen_at - interval '5 minutes' WHERE token_hash = %s",
                [hash_of(browser)],
            )
            assert await asyncio.gather(*(inside(browser) for _ in range(20))) == [True] * 20

    async def test_what_comes_after_the_end_is_outside_however_much_is_under_way(
        self, doors: Doors, stores: Stores, alices_login: str
    ) -> None:
        async with doors.browser() as browser:
            await browser.log_in(alices_login)
            hash = hash_of(browser)

            async def end() -> None:
                await stores.staff.database.fetch_all("DELETE FROM portal.session WHERE token_hash = %s", [hash])

            await asyncio.gather(*(inside(browser) for _ in range(10)), end(), *(inside(browser) for _ in range(10)))
            assert not any(await asyncio.gather(*(inside(browser) for _ in range(10))))

    async def test_one_person_may_be_logged_in_in_several_places_and_each_ends_for_itself(
        self, doors: Doors, alices_login: str
    ) -> None:
        async with doors.browser() as at_home, doors.browser() as at_work:
            await at_home.log_in(alices_login)
            await at_work.log_in(alices_login)
            assert at_home.cookie(COOKIE) != at_work.cookie(COOKIE)
            token = at_home.cookie(COOKIE)
            secret = (await at_home.here.get("/record")).json()["form_secret"]
            assert secret != (await at_work.here.get("/record")).json()["form_secret"]
            at_home.put_cookie(COOKIE, tokens.new())
            assert not await inside(at_home) and await inside(at_work)
            at_home.put_cookie(COOKIE, token or "")
            assert await inside(at_home)


@pytest.mark.asvs("7.4.1")
class TestTheEnd:
    @pytest.mark.parametrize("how", ["by itself", "by another login", "behind its back"])
    async def test_leaves_behind_whose_it_was_and_a_token_that_opens_nothing(
        self, doors: Doors, stores: Stores, owner: Owner, alice: StoredRecord, alices_login: str, how: str
    ) -> None:
        async with doors.browser() as browser, doors.browser() as replay:
            await browser.log_in(alices_login)
            token, hash = browser.cookie(COOKIE), hash_of(browser)
            assert left_of(owner, token) == []

            match how:
                case "by itself":
                    owner.execute(
                        "UPDATE portal.session SET expires_at = clock_timestamp() WHERE token_hash = %s", [hash]
                    )
                    await stores.worker.database.fetch_all("SELECT portal.identity_purge_v2()")
                case "by another login":
                    await browser.log_in(alices_login, "/login/start/customer/main")
                case _:
                    await stores.staff.database.fetch_all("DELETE FROM portal.session WHERE token_hash = %s", [hash])

            assert left_of(owner, token) == [("customer", alice.record.id)]
            replay.put_cookie(COOKIE, token or "")
            assert not await inside(replay)

    async def test_what_is_left_knows_no_name_no_address_and_no_token(self, owner: Owner) -> None:
        columns = owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'portal.ended_session'::regclass AND attnum > 0"
        ).fetchall()
        assert {name for (name,) in columns} == {"form_hash", "audience", "whose", "ended_at"}

    @pytest.mark.parametrize("role", ["customer", "staff", "worker"])
    async def test_no_role_writes_into_it_but_by_ending_a_session(self, stores: Stores, role: str) -> None:
        database = getattr(stores, role).database
        for statement in (
            "INSERT INTO portal.ended_session SELECT '\\x00', 'customer', gen_random_uuid()",
            "UPDATE portal.ended_session SET whose = gen_random_uuid()",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await database.fetch_all(statement)


@pytest.mark.asvs("2.4.1")
async def test_an_account_that_comes_back_again_and_again_is_held_off(
    database_url: URL, stores: Stores, provider: str, alices_login: str, graces_login: str
) -> None:
    settings = settings_for(database_url, provider, limit_logins_per_account=2)
    async with opened(settings, stores) as doors:
        answers = []
        for _ in range(3):
            async with doors.browser() as browser:
                answers.append(await browser.log_in(alices_login))
        async with doors.browser() as another:
            assert (await another.log_in(graces_login, "/login?as=staff")).status_code == 303

    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert int(answers[2].headers["retry-after"]) > 200
    assert COOKIE not in str(answers[2].headers.get_list("set-cookie"))
