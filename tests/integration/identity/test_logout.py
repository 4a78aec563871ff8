"""Logging out: here first, and then at the provider."""

from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.record.read import StoredRecord
from portal.web import form_token
from tests.integration.identity.browser import Browser, a_subject, known_at
from tests.integration.identity.conftest import Doors
from tests.integration.identity.hostile import HostileProvider

COOKIE, STAFF_COOKIE = "portal_session", "portal_session_staff"


@pytest.fixture
async def browser(doors: Doors, provider: str, alice: StoredRecord) -> Any:
    """Alice's, logged in."""
    login = await known_at(provider, a_subject("alice"), customer_number=alice.record.number)
    async with doors.browser() as made:
        await made.log_in(login)
        yield made


async def token_of(browser: Browser, page: str = "/record") -> str:
    """What the form on one of its pages carries."""
    return form_token.mask(bytes.fromhex((await browser.here.get(page)).json()["form_secret"]))


async def leave(browser: Browser, token: str) -> Any:
    return await browser.here.post("/logout", data={"form_token": token})


@pytest.mark.asvs("7.4.1", "14.3.1")
async def test_the_session_ends_here_and_the_browser_goes_on_to_end_it_there(
    browser: Browser, provider: str, doors: Doors
) -> None:
    kept = browser.cookie(COOKIE) or ""
    async with doors.browser() as copy:
        copy.put_cookie(COOKIE, kept)
        assert (await copy.here.get("/record")).status_code == 200
    response = await leave(browser, await token_of(browser))

    assert response.status_code == 200
    assert browser.cookie(COOKIE) is None
    assert response.headers["clear-site-data"] == '"storage"'
    way = unescape(response.text.partition('content="0; url=')[2].partition('"')[0])
    query = parse_qs(urlsplit(way).query)
    assert way.startswith(f"{provider}/oauth2/end_session?")
    assert query["client_id"] == ["portal-customers"]
    assert query["post_logout_redirect_uri"] == ["http://localhost:8000/"]
    assert query["id_token_hint"][0].count(".") == 2
    assert f'href="{way}"'.replace("&", "&amp;") in response.text, "for who has to click"

    browser.put_cookie(COOKIE, kept)
    assert (await browser.here.get("/record")).status_code == 303, "the token is worth nothing any more"


async def test_a_form_from_elsewhere_logs_nobody_out(browser: Browser) -> None:
    for token in ("", "x", form_token.mask(b"x" * 32)):
        response = await leave(browser, token)
        assert response.status_code == 403 and "still logged in" in response.text
    assert (await browser.here.get("/record")).status_code == 200


async def test_of_two_sessions_in_one_browser_the_one_whose_page_it_was_ends(browser: Browser, provider: str) -> None:
    grace = await known_at(provider, a_subject("grace"), roles=["crm-agents"])
    await browser.log_in(grace, "/login?as=staff")
    await leave(browser, await token_of(browser, "/desk"))
    assert browser.cookie(STAFF_COOKIE) is None
    assert (await browser.here.get("/desk")).status_code == 303
    assert (await browser.here.get("/record")).status_code == 200


async def test_who_is_not_logged_in_is_simply_outside(doors: Doors) -> None:
    async with doors.browser() as stranger:
        response = await leave(stranger, "")
        assert (response.status_code, response.headers["location"]) == (303, "/")


async def test_a_provider_without_such_a_place_is_left_alone(
    besieged: Doors, hostile: HostileProvider, alice: StoredRecord
) -> None:
    from tests.integration.identity.browser import asked

    async with besieged.browser() as made:
        wanted = asked(await made.begin())
        hostile.vouch(wanted, sub=a_subject("alice"), customer_number=alice.record.number)
        await made.come_back(f"{wanted['redirect_uri']}?state={wanted['state']}&code=abc")
        token = await token_of(made)
        hostile.stop()
        response = await leave(made, token)
        assert (response.status_code, response.headers["location"]) == (303, "/")
        assert made.cookie(COOKIE) is None
