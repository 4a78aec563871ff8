"""The first page, for strangers and for whoever is logged in, and the choice of the language."""

import httpx2
import pytest

from tests.integration.web.browsing import Served


async def test_a_stranger_sees_a_page_and_no_redirect(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/")

    assert response.status_code == 200
    assert '<html lang="en">' in response.text


@pytest.mark.parametrize(
    ("asked", "spoken"), [("de-AT, en;q=0.8", "de"), ("fr, de;q=0.5, en;q=0.4", "de"), ("fr", "en"), ("", "en")]
)
async def test_the_page_speaks_the_language_that_the_browser_asks_for(
    stranger: httpx2.AsyncClient, asked: str, spoken: str
) -> None:
    response = await stranger.get("/", headers={"accept-language": asked})

    assert f'<html lang="{spoken}">' in response.text
    assert {"accept-language", "cookie"} <= {name.strip().lower() for name in response.headers["vary"].split(",")}


async def test_a_chosen_language_is_kept_and_leads_back_to_the_page(
    stranger: httpx2.AsyncClient, served: Served
) -> None:
    chosen = await stranger.post(
        "/language", data={"language": "de"}, headers={"referer": f"{served.origin}/somewhere?page=2"}
    )

    assert (chosen.status_code, chosen.headers["location"]) == (303, "/somewhere?page=2")
    assert '<html lang="de">' in (await stranger.get("/")).text


@pytest.mark.asvs("3.7.2")
@pytest.mark.parametrize("referer", ["https://mallory.example/x", "//mallory.example", "", "nonsense", "http://["])
async def test_choosing_a_language_leads_nobody_to_another_site(stranger: httpx2.AsyncClient, referer: str) -> None:
    chosen = await stranger.post("/language", data={"language": "de"}, headers={"referer": referer})

    assert chosen.headers["location"] == "/"


async def test_a_language_that_is_not_spoken_is_refused(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.post("/language", data={"language": "tlh"})).status_code == 422


async def test_the_language_of_somebody_who_is_logged_in_stays_with_the_session(
    as_alice: httpx2.AsyncClient,
) -> None:
    token = (await as_alice.get("/test/customers")).text.partition('form_token" value="')[2].partition('"')[0]
    await as_alice.post("/language", data={"language": "de", "form_token": token})
    as_alice.cookies.delete("portal_language")

    assert '<html lang="de">' in (await as_alice.get("/test/customers")).text


async def test_whoever_is_logged_in_goes_on_to_their_room(
    as_alice: httpx2.AsyncClient,
    as_grace: httpx2.AsyncClient,
    as_oscar: httpx2.AsyncClient,
    as_olivia: httpx2.AsyncClient,
) -> None:
    rooms = [await browser.get("/") for browser in (as_alice, as_grace, as_oscar, as_olivia)]

    assert [room.headers["location"] for room in rooms] == ["/record", "/desk", "/audit", "/operations"]
