"""How we show a provider who we are: the way that it takes, and an assertion that is good for it alone, once."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from portal import clock
from portal.clock import Clock
from portal.identity.client_authentication import assertion, credentials, method
from portal.identity.client_keys import ClientKeys
from portal.identity.failures import ProviderMistaken
from portal.settings.providers import ClientAuthentication
from tests.unit.identity.signing import ISSUER, NOW, ec_key
from tests.unit.identity.test_oauth import metadata, provider

BASIC, POST = ClientAuthentication.CLIENT_SECRET_BASIC, ClientAuthentication.CLIENT_SECRET_POST
SIGNED = ClientAuthentication.PRIVATE_KEY_JWT


class Keys(ClientKeys):
    """Keys that are in no database."""

    def __init__(self) -> None:
        self.key = ec_key()

    async def signing(self) -> ECKey:
        return self.key


class Stopped(Clock):
    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW, UTC)


@pytest.fixture(autouse=True)
def _stopped_clock() -> Iterator[None]:
    with clock.replaced(Stopped()):
        yield


def taking(*methods: str, **more: object) -> Any:
    return metadata(token_endpoint_auth_methods_supported=list(methods), **more)


@pytest.mark.parametrize(
    ("secret", "setting", "taken", "chosen"),
    [
        ("s", "auto", ["client_secret_basic", "client_secret_post", "private_key_jwt"], BASIC),
        ("s", "auto", ["client_secret_post", "private_key_jwt"], POST),
        ("", "auto", ["client_secret_basic", "private_key_jwt"], SIGNED),
        ("s", "private_key_jwt", ["client_secret_basic", "private_key_jwt"], SIGNED),
        ("s", "client_secret_post", ["client_secret_basic"], POST),
        ("", "private_key_jwt", ["client_secret_basic"], SIGNED),
    ],
)
def test_the_settings_decide_and_else_what_the_provider_takes(
    secret: str, setting: str, taken: list[str], chosen: ClientAuthentication
) -> None:
    given = provider(secret=secret, client_authentication=ClientAuthentication(setting))
    assert method(given, taking(*taken)) is chosen


def test_where_a_provider_says_nothing_it_takes_a_secret_as_http_basic() -> None:
    assert method(provider(), metadata()) is BASIC


@pytest.mark.parametrize(
    ("secret", "taken", "why"),
    [
        ("s", ["private_key_jwt"], "neither as HTTP Basic nor in the body"),
        ("s", ["none", "tls_client_auth"], "neither as HTTP Basic nor in the body"),
        ("", ["client_secret_basic"], "no CLIENT_SECRET is set"),
        ("", ["none"], "no CLIENT_SECRET is set"),
    ],
)
def test_a_provider_that_takes_nothing_of_ours_is_told_apart(secret: str, taken: list[str], why: str) -> None:
    with pytest.raises(ProviderMistaken, match=why):
        method(provider(secret=secret), taking(*taken))


def test_a_provider_that_does_not_take_our_algorithm_is_told_apart() -> None:
    with pytest.raises(ProviderMistaken, match="ES256"):
        method(
            provider(secret=""), taking("private_key_jwt", token_endpoint_auth_signing_alg_values_supported=["RS256"])
        )


async def test_a_secret_goes_into_the_header() -> None:
    shown = await credentials(provider(), taking("client_secret_basic"), Keys())
    assert shown.headers == {"Authorization": "Basic " + base64.b64encode(b"portal:s3cret").decode()}
    assert shown.form == {}


async def test_a_secret_with_special_characters_is_encoded_as_in_a_form() -> None:
    shown = await credentials(provider("por:tal", "pä%ss +"), taking("client_secret_basic"), Keys())
    decoded = base64.b64decode(shown.headers["Authorization"].removeprefix("Basic "))
    assert decoded == b"por%3Atal:p%C3%A4%25ss%20%2B"


async def test_a_secret_goes_into_the_body_where_that_is_what_the_provider_takes() -> None:
    shown = await credentials(provider(), taking("client_secret_post"), Keys())
    assert (shown.headers, shown.form) == ({}, {"client_id": "portal", "client_secret": "s3cret"})


@pytest.mark.asvs("9.1.1", "9.2.1", "9.2.3", "13.3.1")
async def test_an_assertion_is_for_this_provider_for_a_minute_and_once() -> None:
    keys = Keys()
    shown = await credentials(provider(secret=""), taking("private_key_jwt"), keys)
    assert shown.headers == {} and set(shown.form) == {"client_id", "client_assertion_type", "client_assertion"}
    assert shown.form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    signed = jws.deserialize_compact(shown.form["client_assertion"], keys.key, algorithms=["ES256"])
    assert signed.protected == {"alg": "ES256", "kid": keys.key.kid, "typ": "JWT"}
    claims = json.loads(signed.payload or b"")
    jti = claims.pop("jti")
    assert claims == {"iss": "portal", "sub": "portal", "aud": ISSUER, "iat": NOW, "exp": NOW + 60}
    assert len(jti) == 43
    again = jws.deserialize_compact(assertion("portal", ISSUER, keys.key), keys.key, algorithms=["ES256"])
    assert json.loads(again.payload or b"")["jti"] != jti
