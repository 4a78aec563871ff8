"""What we send to a provider."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from pydantic import SecretStr

from portal.identity.discovery import Metadata, read
from portal.identity.failures import ProviderMistaken
from portal.identity.oauth import authorization_url, client_authentication
from portal.identity.provider import Provider
from portal.identity.session import Audience
from portal.identity.transaction import Transaction, Wanted
from portal.provider_settings import ProviderSettings
from tests.unit.identity.signing import ISSUER
from tests.unit.identity.test_discovery import document


def provider(client_id: str = "portal", secret: str = "s3cret") -> Provider:
    settings = ProviderSettings(
        issuer=ISSUER, client_id=client_id, client_secret=SecretStr(secret), scopes="openid profile"
    )
    return Provider("main", Audience.CUSTOMER, settings)


def metadata(**changes: object) -> Metadata:
    return read(document(**changes), ISSUER, loopback=False)


def sent(provider: Provider, metadata: Metadata) -> httpx2.Request:
    """The token request as the client authentication leaves it."""
    request = httpx2.Request("POST", metadata.token_endpoint, content="code=abc")
    return next(client_authentication(provider, metadata).sync_auth_flow(request))


TRANSACTION = Transaction(
    Audience.CUSTOMER,
    "main",
    ISSUER,
    "https://portal.example.com/cb",
    Wanted(),
    nonce="the-nonce",
    code_verifier="v" * 43,
)


@pytest.mark.asvs("1.2.2", "10.1.2", "10.2.1", "10.2.3")
def test_the_address_of_a_login_binds_state_nonce_and_verifier() -> None:
    asked = metadata(authorization_endpoint=f"{ISSUER}/authorize?tenant=7")
    url = authorization_url(provider(), asked, TRANSACTION, "the-state", language="de", prompt=None)

    query = parse_qs(urlsplit(url).query)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).rstrip(b"=").decode()
    assert query == {
        "tenant": ["7"],
        "response_type": ["code"],
        "client_id": ["portal"],
        "redirect_uri": ["https://portal.example.com/cb"],
        "scope": ["openid profile"],
        "state": ["the-state"],
        "nonce": ["the-nonce"],
        "code_challenge": [challenge],
        "code_challenge_method": ["S256"],
        "ui_locales": ["de"],
    }
    assert "v" * 43 not in url


def test_who_is_there_can_be_asked_anew() -> None:
    url = authorization_url(provider(), metadata(), TRANSACTION, "s", language="en", prompt="login")
    assert parse_qs(urlsplit(url).query)["prompt"] == ["login"]


def test_a_secret_goes_into_the_header_where_nothing_else_is_asked_for() -> None:
    request = sent(provider(), metadata())
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"portal:s3cret").decode()
    assert b"secret" not in request.content


def test_a_secret_with_special_characters_is_encoded_as_in_a_form() -> None:
    request = sent(provider("por:tal", "pä%ss +"), metadata())
    decoded = base64.b64decode(request.headers["authorization"].removeprefix("Basic "))
    assert decoded == b"por%3Atal:p%C3%A4%25ss%20%2B"


def test_a_secret_goes_into_the_body_where_that_is_what_the_provider_takes() -> None:
    request = sent(provider(), metadata(token_endpoint_auth_methods_supported=["client_secret_post"]))
    assert "authorization" not in request.headers
    assert parse_qs(request.content.decode()) == {"code": ["abc"], "client_id": ["portal"], "client_secret": ["s3cret"]}


def test_without_a_secret_the_client_only_says_its_name() -> None:
    request = sent(provider(secret=""), metadata())
    assert "authorization" not in request.headers
    assert parse_qs(request.content.decode()) == {"code": ["abc"], "client_id": ["portal"]}


def test_a_provider_that_takes_no_secret_is_told_apart() -> None:
    with pytest.raises(ProviderMistaken, match="client secret"):
        client_authentication(provider(), metadata(token_endpoint_auth_methods_supported=["private_key_jwt"]))
