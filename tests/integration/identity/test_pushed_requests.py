"""A provider that takes authorization requests ahead only (RFC 9126), and knows clients by their keys (RFC 7523)."""

import json
import time
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from sqlalchemy import URL

from tests.conftest import Stores
from tests.integration.identity.browser import asked
from tests.integration.identity.conftest import Doors, customers_at, opened, settings_for
from tests.integration.identity.hostile import HostileProvider

SECRETLESS = {"client_secret": ""}


@pytest.fixture
async def strict(database_url: URL, stores: Stores, hostile: HostileProvider) -> Any:
    """The portal with a provider that wants pushed requests, and a signature instead of a secret."""
    hostile.wants_pushed_requests()
    customers = {"main": customers_at(hostile.issuer, **SECRETLESS)}
    async with opened(settings_for(database_url, hostile.issuer, customer_oidc=customers), stores) as made:
        yield made


async def judged(doors: Doors, form: dict[str, str], issuer: str) -> dict[str, Any]:
    """As the provider judges the assertion in a request: with the keys that we publish."""
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    async with doors.browser() as anybody:
        response = await anybody.here.get("/.well-known/jwks.json")
    assert response.status_code == 200 and response.headers["cache-control"] == "public, max-age=300"
    published = {key["kid"]: ECKey.import_key(key) for key in response.json()["keys"]}
    assert len(published) == 2
    kid = jws.extract_compact(form["client_assertion"].encode()).protected["kid"]
    signed = jws.deserialize_compact(form["client_assertion"], published[kid], algorithms=["ES256"])
    claims: dict[str, Any] = json.loads(signed.payload or b"")
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("portal-customers", "portal-customers", issuer)
    assert claims["iat"] <= time.time() and claims["exp"] - claims["iat"] <= 60
    return claims


@pytest.mark.asvs("10.1.2", "13.3.1")
async def test_nothing_of_the_request_passes_through_the_browser(strict: Doors, hostile: HostileProvider) -> None:
    async with strict.browser() as browser:
        url = await browser.begin("/login?next=/record")
        assert asked(url) == {
            "client_id": "portal-customers",
            "request_uri": "urn:ietf:params:oauth:request_uri:1",
        }
        (pushed,) = hostile.asked["/par"]
        form = pushed["form"]
        assert form["redirect_uri"].endswith("/login/callback/customer/main")
        assert form["code_challenge_method"] == "S256" and len(form["nonce"]) == 43
        assert "Authorization" not in pushed["headers"] and "client_secret" not in form

        hostile.vouch(form)
        response = await browser.come_back(f"{form['redirect_uri']}?state={form['state']}&code=abc")
        assert response.status_code == 403 and "not connected" in response.text, "known there, to nobody here"

    (exchanged,) = hostile.asked["/token"]
    first = await judged(strict, form, hostile.issuer)
    second = await judged(strict, exchanged["form"], hostile.issuer)
    assert first["jti"] != second["jti"], "each assertion is good for one request"


async def test_a_secret_goes_along_where_the_provider_takes_one(besieged: Doors, hostile: HostileProvider) -> None:
    hostile.document["pushed_authorization_request_endpoint"] = f"{hostile.issuer}/par"
    async with besieged.browser() as browser:
        await browser.begin()
    (pushed,) = hostile.asked["/par"]
    assert pushed["headers"]["Authorization"].startswith("Basic ") and "client_assertion" not in pushed["form"]


async def trouble(doors: Doors, words: str) -> None:
    """Nobody can log in, and no cookie and no way to the provider is given."""
    async with doors.browser() as browser:
        response = await browser.here.get("/login")
        assert response.status_code == 503 and words in response.text
        assert not browser.here.cookies


async def test_pushed_requests_that_are_required_but_have_no_address_are_not_left_out(
    besieged: Doors, hostile: HostileProvider
) -> None:
    hostile.document["require_pushed_authorization_requests"] = True
    await trouble(besieged, "do not understand")


@pytest.mark.parametrize(
    "answer",
    [
        (400, {"error": "invalid_request"}),
        (401, {"error": "invalid_client"}),
        (404, {"error": "not_found"}),
        (201, {}),
        (201, {"request_uri": 7}),
        (201, []),
        (302, {}),
    ],
    ids=str,
)
async def test_a_pushed_request_that_is_not_taken_does_not_become_an_open_one(
    strict: Doors, hostile: HostileProvider, answer: tuple[int, object]
) -> None:
    hostile.answers["/par"] = answer
    await trouble(strict, "do not understand")


async def test_an_endpoint_that_does_not_answer_is_told_as_trouble(strict: Doors, hostile: HostileProvider) -> None:
    hostile.answers["/par"] = (503, {})
    await trouble(strict, "does not answer")


async def test_a_provider_that_takes_none_of_our_ways_is_for_the_operator_to_mend(
    strict: Doors, hostile: HostileProvider
) -> None:
    hostile.document["token_endpoint_auth_signing_alg_values_supported"] = ["RS256"]
    await trouble(strict, "do not understand")
