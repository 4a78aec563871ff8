"""The demo's identity provider, as a browser and the portal meet it."""

import warnings
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from portal.dev.logins import CUSTOMERS_CLIENT, STAFF_CLIENT

CALLBACK = "http://localhost:8000/login/callback/customer"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from portal.dev.provider import create_app

        yield create_app().test_client()


def authorize(client_id: str) -> dict[str, str]:
    return {
        "client_id": client_id,
        "response_type": "code",
        "scope": "openid profile email",
        "redirect_uri": CALLBACK,
        "state": "the-state",
        "nonce": "the-nonce",
    }


def test_it_speaks_the_language_that_the_portal_asks_for(provider: FlaskClient) -> None:
    def said(ui_locales: str, browser: str = "en") -> str:
        asked = authorize(CUSTOMERS_CLIENT) | {"ui_locales": ui_locales}
        return provider.get("/oauth2/authorize", query_string=asked, headers={"accept-language": browser}).text

    german = said("de")
    assert '<html lang="de">' in german and "spricht Deutsch" in german and ">Anmelden<" in german
    assert "Sign in" not in german and "Somebody else" not in german
    assert '<html lang="en">' in said("en", "de") and '<html lang="de">' in said("fr de")
    assert '<html lang="de">' in said("fr", "de-AT"), "else the browser's"


def test_each_application_is_offered_its_own_people(provider: FlaskClient) -> None:
    customers = provider.get("/oauth2/authorize", query_string=authorize(CUSTOMERS_CLIENT)).text
    staff = provider.get("/oauth2/authorize", query_string=authorize(STAFF_CLIENT)).text
    assert "Alice Marsh" in customers and "Grace Okafor" not in customers
    assert "Grace Okafor" in staff and "Alice Marsh" not in staff


def test_choosing_somebody_leads_back_and_the_code_buys_their_claims(provider: FlaskClient) -> None:
    chosen = provider.post("/oauth2/authorize", query_string=authorize(CUSTOMERS_CLIENT), data={"sub": "alice"})
    back = urlsplit(chosen.headers["location"])
    answer = parse_qs(back.query)
    assert chosen.headers["location"].startswith(CALLBACK) and answer["state"] == ["the-state"]

    bought = provider.post(
        "/oauth2/token",
        data={"grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": CALLBACK},
        auth=(CUSTOMERS_CLIENT, "any"),
    ).json
    assert bought and "id_token" in bought and "refresh_token" not in bought
    claims = provider.get("/userinfo", headers={"authorization": f"Bearer {bought['access_token']}"}).json
    assert claims and claims["sub"] == "alice" and claims["customer_number"] == "20418"


def test_a_code_that_is_nobodys_is_refused_without_a_word_in_the_terminal(
    provider: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """`portal doctor` asks with one, to see whether the provider knows the portal."""
    asked = {"grant_type": "authorization_code", "code": "nobodys", "redirect_uri": CALLBACK}
    refused = provider.post("/oauth2/token", data=asked, auth=(CUSTOMERS_CLIENT, "any"))
    assert refused.json and refused.json["error"] == "invalid_grant"
    assert not caplog.records


def test_its_pages_ask_nothing_of_the_world_outside(provider: FlaskClient) -> None:
    for path in ("/", "/oauth2/end_session"):
        page = provider.get(path).text
        assert "<main>" in page and "https://" not in page
        assert '<link rel="icon" href="data:,">' in page, "else browsers ask for one, and complain"


def test_nobody_can_run_code_in_it(provider: FlaskClient) -> None:
    console = provider.get("/console", query_string={"__debugger__": "yes", "cmd": "resource", "f": "debugger.js"})
    assert console.status_code == 404
    assert not provider.application.debug


def test_it_answers_to_its_own_names_alone(provider: FlaskClient) -> None:
    assert provider.get("/", headers={"host": "evil.example"}).status_code == 400
