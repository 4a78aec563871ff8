"""What comes at the same moment: a session begins or goes on, and what it rests on is taken away, or it is ended.

Whichever is first, no session is left that nobody could have begun afterwards.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import URL

from portal import clock
from portal.cli import sessions
from portal.db.database import Database
from portal.devices.actions import end_one, end_others
from portal.identity import lifecycle, staff, tokens
from portal.identity.ended import end_sessions
from portal.identity.lifecycle import BEGIN, INSERT
from portal.identity.logout_token import LogoutToken
from portal.identity.provider import Provider
from portal.identity.renewal import PROVED, RENEW
from portal.identity.session import Audience
from portal.record.read import StoredRecord
from portal.settings.providers import CustomerProviderSettings
from tests.conftest import Stores
from tests.integration.identity.browser import a_subject
from tests.integration.identity.conftest import Doors
from tests.integration.identity.hostile import HostileProvider
from tests.integration.identity.test_step_up import COOKIE, SAFE, come_back, grow_old

pytestmark = pytest.mark.asvs("7.4.1", "7.4.2", "15.4.2")
ISSUER = "https://login.example.com"
Connection = psycopg.AsyncConnection[Any]


@pytest.fixture
async def other(database_url: URL) -> AsyncIterator[Connection]:
    """Another process, in a transaction that it has not committed yet."""
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(url) as connection:
        yield connection


def values(**changes: object) -> dict[str, Any]:
    """A session that begins now, or goes on under another token."""
    customer = "customer_id" in changes
    begins: dict[str, Any] = {
        "before": None, "token_hash": tokens.digest(tokens.new()), "id": uuid4(),
        "audience": "customer" if customer else "staff", "customer_id": None, "staff_id": None, "login_id": None,
        "roles": [], "name": "x", "language": None, "provider": "main", "id_token": None,
        "authenticated_at": clock.now(), "acr": None, "sid": None, "form_hash": tokens.digest(tokens.new()),
        "user_agent": "test", "lasts": timedelta(hours=1), "idle": timedelta(minutes=30),
    }  # fmt: skip
    return begins | changes


async def left(stores: Stores, ids: dict[str, Any]) -> int:
    whose = ids.get("customer_id") or ids.get("staff_id")
    found = await stores.staff.database.fetch_all(
        "SELECT 1 FROM portal.session WHERE customer_id = %s OR staff_id = %s", [whose, whose]
    )
    return len(found)


async def waits(job: Awaitable[Any]) -> "asyncio.Future[Any]":
    """Begin something that the other process holds up."""
    task = asyncio.ensure_future(job)
    await asyncio.sleep(0.15)
    assert not task.done()
    return task


class Taken:
    """What a session rests on, and how it is taken away."""

    def __init__(self, ids: dict[str, Any], statement: str, params: dict[str, Any]) -> None:
        self.ids, self.statement, self.params = ids, statement, params


@pytest.fixture(params=["a login", "roles"])
async def taken(request: pytest.FixtureRequest, stores: Stores, alice: StoredRecord) -> Taken:
    id, subject = uuid4(), a_subject("grace")
    person = {"issuer": ISSUER, "subject": subject}
    if request.param == "roles":
        row = await stores.staff.database.fetch_one(
            staff.KNOWN, person | {"id": id, "name": "x", "email": None, "roles": ["agent"]}
        )
        assert row is not None
        return Taken({"staff_id": row["id"], "roles": ["agent"]}, staff.WITHDRAWN, person)
    return Taken(
        {"customer_id": alice.record.id, "login_id": await a_login(stores, alice)},
        "DELETE FROM portal.login WHERE customer_id = %(customer_id)s",
        {"customer_id": alice.record.id},
    )


async def a_login(stores: Stores, customer: StoredRecord, subject: str | None = None) -> UUID:
    id = uuid4()
    await stores.staff.database.fetch_all(
        "INSERT INTO portal.login (customer_id, id, issuer, subject) VALUES (%s, %s, %s, %s)",
        [customer.record.id, id, ISSUER, subject or a_subject("alice")],
    )
    return id


class TestWhatItRestsOn:
    async def test_was_taken_away_before(self, stores: Stores, taken: Taken) -> None:
        database = stores.staff.database
        assert await database.fetch_all(BEGIN, values(**taken.ids)) != []
        await database.fetch_all(taken.statement, taken.params)
        assert await left(stores, taken.ids) == 0
        assert await database.fetch_all(BEGIN, values(**taken.ids)) == []

    async def test_is_being_taken_away(self, stores: Stores, taken: Taken, other: Connection) -> None:
        await other.execute(taken.statement.encode(), taken.params)
        begins = await waits(stores.staff.database.fetch_all(BEGIN, values(**taken.ids)))
        await other.commit()
        assert await begins == [] and await left(stores, taken.ids) == 0

    async def test_is_taken_away_while_it_begins(self, stores: Stores, taken: Taken, other: Connection) -> None:
        await other.execute(BEGIN.encode(), values(**taken.ids))
        taking = await waits(stores.staff.database.fetch_all(taken.statement, taken.params))
        await other.commit()
        await taking
        assert await left(stores, taken.ids) == 0

    async def test_nobodys_earlier_session_ends_for_one_that_does_not_begin(
        self, stores: Stores, taken: Taken, bob: StoredRecord
    ) -> None:
        before = values(customer_id=bob.record.id, login_id=uuid4())
        await stores.staff.database.fetch_all(INSERT, before)
        await stores.staff.database.fetch_all(taken.statement, taken.params)
        await stores.staff.database.fetch_all(BEGIN, values(**taken.ids, before=before["token_hash"]))
        assert await left(stores, before) == 1


async def by_logout_token(database: Database, session: dict[str, Any]) -> None:
    """As the provider's server says it, of the session's own sid."""
    given = CustomerProviderSettings(issuer=ISSUER, client_id="portal")
    token = LogoutToken(uuid4().hex, None, session["sid"], clock.now() + timedelta(minutes=5))
    await end_sessions(database, Provider("main", Audience.CUSTOMER, given), token)


async def by_unlinking(database: Database, session: dict[str, Any]) -> None:
    await database.fetch_all(
        "DELETE FROM portal.login WHERE customer_id = %s AND id = %s", [session["customer_id"], session["login_id"]]
    )


async def by_itself(database: Database, session: dict[str, Any]) -> None:
    await end_one(database, session["id"], customer_id=session["customer_id"], staff_id=None)


async def from_elsewhere(database: Database, session: dict[str, Any]) -> None:
    await end_others(database, uuid4(), customer_id=session["customer_id"], staff_id=None)


async def by_an_operator(database: Database, session: dict[str, Any]) -> None:
    await database.fetch_all(sessions.END, {"whose": [session["customer_id"]]})


async def by_logging_out(database: Database, session: dict[str, Any]) -> None:
    await database.fetch_all(lifecycle.END, [session["id"]])


ENDINGS = [by_logout_token, by_unlinking, by_itself, from_elsewhere, by_an_operator, by_logging_out]
End = Callable[[Database, dict[str, Any]], Awaitable[None]]


@pytest.mark.parametrize("going_on", [RENEW, PROVED], ids=["another way to log in", "a fresh login"])
class TestGoingOn:
    @pytest.fixture
    async def session(self, stores: Stores, alice: StoredRecord) -> dict[str, Any]:
        made = values(customer_id=alice.record.id, login_id=await a_login(stores, alice), sid=uuid4().hex)
        await stores.staff.database.fetch_all(INSERT, made)
        return made

    @staticmethod
    def goes_on(session: dict[str, Any]) -> dict[str, Any]:
        return values(customer_id=session["customer_id"], sid=session["sid"], before=session["token_hash"])

    @pytest.mark.parametrize("end", ENDINGS)
    async def test_what_ends_it_meanwhile_ends_it(
        self, stores: Stores, other: Connection, session: dict[str, Any], going_on: str, end: End
    ) -> None:
        cursor = await other.execute(going_on.encode(), self.goes_on(session))
        assert cursor.rowcount == 1
        ending = await waits(end(stores.staff.database, session))
        await other.commit()
        await ending
        assert await left(stores, session) == 0

    async def test_one_that_is_being_ended_does_not_go_on(
        self, stores: Stores, other: Connection, session: dict[str, Any], going_on: str
    ) -> None:
        await other.execute("DELETE FROM portal.session WHERE id = %s", [session["id"]])
        renewed = await waits(stores.staff.database.fetch_all(going_on, self.goes_on(session)))
        await other.commit()
        assert await renewed == [] and await left(stores, session) == 0

    async def test_it_goes_on_once(
        self, stores: Stores, other: Connection, session: dict[str, Any], going_on: str
    ) -> None:
        await other.execute(going_on.encode(), self.goes_on(session))
        again = await waits(stores.staff.database.fetch_all(going_on, self.goes_on(session)))
        await other.commit()
        assert await again == [] and await left(stores, session) == 1

    async def test_a_form_from_before_is_known_to_be_theirs(
        self, stores: Stores, session: dict[str, Any], going_on: str
    ) -> None:
        await stores.staff.database.fetch_all(going_on, self.goes_on(session))
        found = await stores.staff.database.fetch_all(
            "SELECT whose FROM portal.ended_session WHERE form_hash = %s", [session["form_hash"]]
        )
        assert found == [{"whose": session["customer_id"]}]


class TestAtTheDoor:
    async def test_who_is_disconnected_while_coming_in_stays_outside(
        self,
        besieged: Doors,
        hostile: HostileProvider,
        alice: StoredRecord,
        stores: Stores,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        begin = lifecycle.begin

        async def late(request: Any, who: lifecycle.Who, proof: lifecycle.Proof) -> str | None:
            await by_unlinking(stores.staff.database, {"customer_id": who.customer_id, "login_id": who.login_id})
            return await begin(request, who, proof)

        monkeypatch.setattr(lifecycle, "begin", late)
        async with besieged.browser() as browser:
            response = await come_back(browser, hostile, await browser.begin("/login"), alice)
            assert response.status_code == 400 and "log in once more" in response.text
            assert browser.cookie(COOKIE) is None
            assert (await browser.here.get("/record")).status_code == 303

    @pytest.mark.parametrize("end", [by_unlinking, from_elsewhere])
    async def test_a_session_that_ends_during_its_fresh_login_stays_ended(
        self,
        besieged: Doors,
        hostile: HostileProvider,
        alice: StoredRecord,
        stores: Stores,
        owner: psycopg.Connection[Any],
        monkeypatch: pytest.MonkeyPatch,
        end: End,
    ) -> None:
        from portal.identity import renewal

        prove = renewal.prove

        async def late(request: Any, who: lifecycle.Who, proof: lifecycle.Proof) -> str | None:
            await end(stores.staff.database, {"customer_id": who.customer_id, "login_id": who.login_id})
            return await prove(request, who, proof)

        async with besieged.browser() as browser:
            await come_back(browser, hostile, await browser.begin("/login"), alice)
            grow_old(owner, browser)
            monkeypatch.setattr(renewal, "prove", late)
            stopped = await browser.here.get(SAFE)
            response = await come_back(browser, hostile, await browser.begin(stopped.headers["location"]), alice)
            assert response.status_code == 400
            assert (await browser.here.get("/record")).status_code == 303
            assert await left(stores, {"customer_id": alice.record.id}) == 0
