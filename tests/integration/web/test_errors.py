"""Errors tell what happened, that nothing was lost, and what to do next; as a page, a fragment or problem+json."""

import json
import logging

import httpx2
import pytest

from tests.integration.web.browsing import form_token


async def test_an_address_that_does_not_exist(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/nothing/here")

    assert response.status_code == 404
    assert "<h1>" in response.text and "There is nothing at this address." in response.text


async def test_who_is_logged_in_stays_so_at_an_address_that_does_not_exist(as_alice: httpx2.AsyncClient) -> None:
    response = await as_alice.get("/record/nothing")

    assert response.status_code == 404
    assert 'action="/logout"' in response.text and "Log in" not in response.text


async def test_the_same_in_german(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/nothing/here", headers={"accept-language": "de"})

    assert '<html lang="de">' in response.text


@pytest.mark.parametrize(
    "path", ["/health/live/", "/%00", "/%ff%fe", "/health/%2e%2e/desk", "/%7f", "/?q=%00", "/?q=%ff", "/?a%0d%0ab=1"]
)
async def test_what_is_nearly_an_address_is_none(stranger: httpx2.AsyncClient, path: str) -> None:
    assert (await stranger.get(path)).status_code in (400, 404)


async def test_the_wrong_method_says_which_would_be_right(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/language")

    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
async def test_methods_that_nobody_needs_change_nothing(stranger: httpx2.AsyncClient, method: str) -> None:
    assert (await stranger.request(method, "/")).status_code == 405


async def test_programs_get_a_problem(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/nothing/here", headers={"accept": "application/json"})

    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (problem["status"], problem["title"], problem["type"]) == (404, "Not found", "about:blank")
    assert problem["reference"] == response.headers["x-request-id"]


async def test_htmx_gets_a_notice_and_leaves_the_form_where_it_is(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/nothing/here", headers={"hx-request": "true"})

    assert response.status_code == 404
    assert (response.headers["hx-retarget"], response.headers["hx-reswap"]) == ("#notice", "innerHTML")
    assert "<html" not in response.text and "There is nothing at this address." in response.text


async def test_too_much_at_once_is_told_on_a_page(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.post("/language", data={"language": "x" * 70_000})

    assert response.status_code == 413
    assert "at most 64 kB" in response.text


async def test_too_much_in_pieces_is_cut_off(stranger: httpx2.AsyncClient) -> None:
    async def pieces() -> object:
        for _ in range(100):
            yield b"x" * 1_000

    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = await stranger.post("/language", content=pieces(), headers=headers)  # type: ignore[arg-type]

    assert response.status_code == 413
    assert "<h1>" in response.text


@pytest.mark.asvs("2.2.1")
@pytest.mark.parametrize("body", [b"language=%ff%fe", b"language=\xff\xfe", b"%c3%28=de", b"language=%ed%a0%80"])
async def test_broken_utf_8_is_refused(stranger: httpx2.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    response = await stranger.post("/language", content=body, headers=headers)

    assert response.status_code == 400
    assert "UTF-8" in response.text


async def test_more_fields_than_any_form_has_are_refused(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.post("/language", data={f"f{i}": "x" for i in range(600)})

    assert response.status_code == 400


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
async def test_what_is_no_form_is_refused(stranger: httpx2.AsyncClient, kind: str) -> None:
    response = await stranger.post("/language", content=b'{"language": "de"}', headers={"content-type": kind})

    assert response.status_code == 415


@pytest.mark.asvs("3.5.1")
@pytest.mark.parametrize("token", ["", "forged", "x" * 5_000])
async def test_a_forged_token_saves_nothing_and_loses_nothing(as_alice: httpx2.AsyncClient, token: str) -> None:
    response = await as_alice.post("/test/section", data={"call_me": "Alice, say AL-iss", "form_token": token})

    assert response.status_code == 403
    assert "Alice, say AL-iss" in response.text


@pytest.mark.asvs("3.5.1")
async def test_the_token_of_another_session_is_refused(
    as_alice: httpx2.AsyncClient, as_bob: httpx2.AsyncClient
) -> None:
    token = form_token((await as_bob.get("/test/customers")).text)

    assert (await as_alice.post("/test/section", data={"form_token": token})).status_code == 403


@pytest.mark.asvs("16.3.4", "16.5.1", "16.5.4")
async def test_our_own_mistakes_are_told_without_their_details(
    as_alice: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        response = await as_alice.post("/test/breaks", data={"note": "My long text"})

    assert response.status_code == 500
    assert response.headers["x-request-id"] in response.text
    assert "My long text" in response.text
    assert "secret of Alice" not in response.text
    logged = json.dumps([record.msg for record in caplog.records], default=str)
    assert response.headers["x-request-id"] in logged and "RuntimeError" in logged
    assert "secret of Alice" not in logged and "My long text" not in logged
