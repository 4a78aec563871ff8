"""Where somebody is logged in, and logging out there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pytest

from portal import clock
from portal.db.database import Database, Params, Row
from portal.identity import tokens
from portal.identity.rooms import STAFF_ROOMS
from portal.record.read import StoredRecord
from portal.settings import StaffRole
from portal.web import announcements
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.rooms.forms_on_page import FoundForm, forms_of, send
from tests.integration.web.browsing import Served, a_browser, a_session

DEVICES = "/record/devices"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"

pytestmark = pytest.mark.asvs("7.4.1", "7.4.3", "7.5.2")


@pytest.fixture
async def at_home(served: Served, stores: Stores, alice: StoredRecord) -> AsyncIterator[httpx2.AsyncClient]:
    """Another browser in which Alice is logged in."""
    async with another(served, stores, alice.record.id) as browser:
        yield browser


@asynccontextmanager
async def another(served: Served, stores: Stores, customer: UUID) -> AsyncIterator[httpx2.AsyncClient]:
    cookies = await a_session(stores.staff, customer_id=customer)
    await stores.staff.database.fetch_all(
        "UPDATE portal.session SET user_agent = %s WHERE token_hash = %s",
        [FIREFOX, tokens.digest(cookies["portal_session"])],
    )
    async with a_browser(served.origin, **cookies) as browser:
        yield browser


async def inside(browser: httpx2.AsyncClient) -> bool:
    return (await browser.get("/record")).status_code == 200


async def ending(browser: httpx2.AsyncClient, address: str = DEVICES) -> tuple[FoundForm, list[FoundForm]]:
    """The form for all devices, and that of each other one."""
    page = await browser.get(address)
    found = [form for form in forms_of(page.text) if form.action == address]
    return found[-1], found[:-1]


async def test_she_sees_where_she_is_logged_in(
    as_alice: httpx2.AsyncClient, at_home: httpx2.AsyncClient, as_bob: httpx2.AsyncClient
) -> None:
    page = (await as_alice.get(DEVICES)).text

    assert page.count('<li class="plain">') == 2
    assert "Firefox on Windows" in page and page.count("this device") == 1
    assert page.count("through Main") == 2
    assert "last used" in page and 'href="/record/devices" aria-current="page"' in page
    (own,) = forms_of((await as_bob.get(DEVICES)).text)[-1:]
    assert "device" not in own.fields, "nobody sees the devices of another"


async def test_times_are_told_where_the_customer_is(served: Served, stores: Stores) -> None:
    customer = await a_customer(stores.worker, time_zone="Asia/Tokyo")
    async with another(served, stores, customer.record.id) as browser:
        assert "Tokyo" in (await browser.get(DEVICES)).text


async def test_she_logs_out_on_one_of_them(
    as_alice: httpx2.AsyncClient, at_home: httpx2.AsyncClient, served: Served, stores: Stores, alice: StoredRecord
) -> None:
    async with another(served, stores, alice.record.id) as at_work:
        _all, others = await ending(as_alice)
        assert len(others) == 2

        answer = await send(as_alice, others[0], action="end")

        assert (answer.status_code, answer.headers["location"]) == (303, f"{DEVICES}?ended=1")
        assert "Logged out on 1 device." in (await as_alice.get(answer.headers["location"])).text
        assert sorted([await inside(at_work), await inside(at_home)]) == [False, True]
        again = await send(as_alice, others[0], action="end")
        assert "Nobody was logged in there any more." in (await as_alice.get(again.headers["location"])).text
    assert await inside(as_alice)


async def test_she_logs_out_everywhere_else(
    as_alice: httpx2.AsyncClient, at_home: httpx2.AsyncClient, as_bob: httpx2.AsyncClient
) -> None:
    everywhere, _others = await ending(as_alice)

    answer = await send(as_alice, everywhere, action="others")

    assert answer.headers["location"] == f"{DEVICES}?ended=1"
    assert [await inside(browser) for browser in (as_alice, at_home, as_bob)] == [True, False, True]
    assert "Log out everywhere else" not in (await as_alice.get(DEVICES)).text


async def test_she_logs_out_everywhere(
    as_alice: httpx2.AsyncClient, at_home: httpx2.AsyncClient, as_bob: httpx2.AsyncClient
) -> None:
    everywhere, _others = await ending(as_alice)
    kept = as_alice.cookies["portal_session"]

    answer = await send(as_alice, everywhere, action="all")

    assert answer.status_code in (200, 303) and 'portal_session=""' in answer.headers["set-cookie"]
    as_alice.cookies.set("portal_session", kept)
    assert [await inside(browser) for browser in (as_alice, at_home, as_bob)] == [False, False, True]


async def test_nobody_ends_the_session_of_another(
    as_alice: httpx2.AsyncClient, at_home: httpx2.AsyncClient, as_bob: httpx2.AsyncClient
) -> None:
    _everywhere, (hers,) = await ending(as_alice)
    his, _others = await ending(as_bob)

    missing = await send(as_bob, his, action="end", device=str(uuid4()))
    anothers = await send(as_bob, his, action="end", device=hers.fields["device"][0])

    assert anothers.status_code == missing.status_code == 303
    assert anothers.headers["location"] == missing.headers["location"] == f"{DEVICES}?ended=0"
    assert await inside(at_home)
    for damaged in ("", "x", "018f0000"):
        assert (await send(as_bob, his, action="end", device=damaged)).status_code == 400
    assert (await send(as_bob, his, action="explode")).status_code == 400


async def test_ending_wants_a_fresh_login_and_looking_does_not(
    served: Served, stores: Stores, alice: StoredRecord, at_home: httpx2.AsyncClient
) -> None:
    # Given a browser that was left open since this morning
    cookies = await a_session(stores.staff, customer_id=alice.record.id)
    hash = tokens.digest(cookies["portal_session"])
    await stores.staff.database.fetch_all(
        "UPDATE portal.session SET authenticated_at = %s WHERE token_hash = %s",
        [clock.now() - timedelta(hours=3), hash],
    )
    async with a_browser(served.origin, **cookies) as left_open:
        everywhere, (other,) = await ending(left_open)

        for form, action in ((everywhere, "others"), (everywhere, "all"), (other, "end")):
            answer = await send(left_open, form, action=action)
            assert answer.status_code == 401 and 'content="0; url=/login/fresh?' in answer.text
        assert await inside(at_home) and await inside(left_open)


@pytest.mark.asvs("7.4.1", "8.3.2")
async def test_an_open_live_stream_ends_with_its_session_and_no_other_does(
    served: Served,
    stores: Stores,
    alice: StoredRecord,
    as_alice: httpx2.AsyncClient,
    at_home: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(announcements, "SECONDS_BETWEEN_LOOKS_AT_SESSIONS", 0.2)
    async with AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(browser.stream("GET", "/record/live")) for browser in (as_alice, at_home)
        ]
        _everywhere, (other,) = await ending(as_alice)

        await send(as_alice, other, action="end")

        async with asyncio.timeout(5):
            heard = "".join([piece async for piece in there.aiter_text()])
        assert heard.endswith("event: logged-out\nid: 1\ndata: \n\n")
        pieces = here.aiter_text()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                while "logged-out" not in await anext(pieces):
                    pass


@pytest.mark.parametrize("role", list(StaffRole), ids=[role.value for role in StaffRole])
async def test_all_staff_have_the_same_page(served: Served, stores: Stores, role: StaffRole) -> None:
    cookies = await a_session(stores.staff, roles=(role,), name="Grace Okafor")
    who = await stores.staff.database.fetch_one(
        "SELECT staff_id FROM portal.session WHERE token_hash = %s", [tokens.digest(cookies["portal_session_staff"])]
    )
    assert who is not None
    elsewhere = await a_session(stores.staff, roles=(role,), name="Grace Okafor", staff_id=who["staff_id"])
    async with a_browser(served.origin, **cookies) as here, a_browser(served.origin, **elsewhere) as there:
        page = (await here.get("/devices")).text
        assert page.count('<li class="plain">') == 2 and "Back to my record" not in page
        assert f'href="/{STAFF_ROOMS[role]}">Back to my work' in page
        everywhere, (other,) = await ending(here, "/devices")
        assert (await send(here, other, action="end")).headers["location"] == "/devices?ended=1"
        assert (await there.get("/devices")).status_code == 303
        await send(here, everywhere, action="all")
        assert (await here.get("/devices")).status_code == 303


async def test_it_takes_two_statements(as_alice: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    run: list[str] = []
    as_ever = Database._run

    async def noted(database: Database, sql: str, params: Params, binary: bool) -> list[Row]:
        run.append(sql)
        return await as_ever(database, sql, params, binary)

    monkeypatch.setattr(Database, "_run", noted)
    await as_alice.get(DEVICES)
    assert len(run) == 2, "the session, and the devices"
