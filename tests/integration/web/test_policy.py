"""Who may enter a room, and what those see who may not (ASVS 5.0.0: 8.2.1, 8.3.1)."""

import httpx2
import pytest

from portal.record.read import StoredRecord
from portal.settings import StaffRole
from tests.conftest import Stores
from tests.integration.web.browsing import Served, a_browser, a_session


async def test_customers_enter_their_rooms(as_alice: httpx2.AsyncClient) -> None:
    response = await as_alice.get("/test/customers")

    assert response.status_code == 200
    assert "Alice" in response.text


async def test_a_stranger_is_asked_to_log_in_and_comes_back(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/test/customers?page=2&q=a+b")

    assert response.status_code == 303
    assert response.headers["location"] == "/login?next=%2Ftest%2Fcustomers%3Fpage%3D2%26q%3Da%2Bb"


async def test_staff_log_in_elsewhere(stranger: httpx2.AsyncClient, as_alice: httpx2.AsyncClient) -> None:
    for somebody in (stranger, as_alice):
        response = await somebody.get("/test/agents")

        assert response.headers["location"] == "/login?as=staff&next=%2Ftest%2Fagents"


async def test_an_open_page_stays_and_shows_the_way_to_the_login(stranger: httpx2.AsyncClient, served: Served) -> None:
    headers = {"hx-request": "true", "hx-current-url": f"{served.origin}/test/customers?page=2"}
    response = await stranger.post("/test/section", headers=headers, data={"call_me": "Al"})

    assert response.status_code == 401
    assert response.headers["hx-retarget"] == "#notice" and "hx-redirect" not in response.headers
    assert 'href="/login?next=%2Ftest%2Fcustomers%3Fpage%3D2"' in response.text


@pytest.mark.asvs("3.7.2")
async def test_a_click_on_an_open_page_leads_to_the_login(stranger: httpx2.AsyncClient, served: Served) -> None:
    headers = {"hx-request": "true", "hx-current-url": f"{served.origin}/test/customers?page=2"}
    response = await stranger.get("/test/section", headers=headers)

    assert (response.status_code, response.headers["hx-retarget"]) == (401, "#notice")
    assert response.headers["hx-redirect"] == "/login?next=%2Ftest%2Fcustomers%3Fpage%3D2"


@pytest.mark.parametrize("elsewhere", ["https://mallory.example/x", "http://["])
async def test_nobody_is_led_to_another_site_by_htmx(stranger: httpx2.AsyncClient, elsewhere: str) -> None:
    headers = {"hx-request": "true", "hx-current-url": elsewhere}

    assert 'href="/login?next=%2F"' in (await stranger.get("/test/customers", headers=headers)).text


async def test_who_is_logged_out_meanwhile_keeps_what_they_typed(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.post("/test/section", data={"call_me": "Alice, say AL-iss", "form_token": "old-token"})

    assert response.status_code == 401
    assert "Alice, say AL-iss" in response.text
    assert "old-token" not in response.text
    assert "/login?next=" in response.text


async def test_an_agent_enters_the_agents_room(as_grace: httpx2.AsyncClient) -> None:
    assert (await as_grace.get("/test/agents")).status_code == 200


@pytest.mark.asvs("8.2.1", "8.3.1")
async def test_staff_without_the_role_are_told_so(as_oscar: httpx2.AsyncClient) -> None:
    response = await as_oscar.get("/test/agents")

    assert response.status_code == 403
    assert "role" in response.text


@pytest.mark.asvs("7.2.1")
async def test_a_made_up_session_is_none(served: Served) -> None:
    for token in ("x" * 43, "", "' OR 1=1 --", "é" * 10):
        async with a_browser(served.origin) as mallory:
            response = await mallory.get("/test/customers", headers={b"cookie": f"portal_session={token}".encode()})

            assert response.status_code == 303


async def test_one_browser_may_hold_both_sessions(served: Served, stores: Stores, alice: StoredRecord) -> None:
    as_customer = await a_session(stores.staff, customer_id=alice.record.id)
    as_agent = await a_session(stores.staff, roles=(StaffRole.AGENT,), name="Grace Okafor")
    async with a_browser(served.origin, **as_customer, **as_agent) as both:
        assert "Alice" in (await both.get("/test/customers")).text
        assert "Grace" in (await both.get("/test/agents")).text


async def test_a_page_speaks_the_language_of_the_session(served: Served, stores: Stores, bob: StoredRecord) -> None:
    cookies = await a_session(stores.staff, customer_id=bob.record.id, name="Bob Keller", language="de")
    async with a_browser(served.origin, **cookies) as as_bob:
        assert '<html lang="de">' in (await as_bob.get("/test/customers")).text
