"""What we send to a provider."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from portal.identity.discovery import Metadata, read
from portal.identity.oauth import authorization_request, authorization_url
from portal.identity.provider import Provider
from portal.identity.session import Audience
from portal.identity.transaction import Opened, Purpose, Transaction, Wanted
from portal.settings.providers import ProviderSettings
from tests.unit.identity.signing import ISSUER
from tests.unit.identity.test_discovery import document


def provider(client_id: str = "portal", secret: str = "s3cret", **more: Any) -> Provider:
    settings = ProviderSettings(
        issuer=ISSUER, client_id=client_id, client_secret=SecretStr(secret), scopes="openid profile", **more
    )
    return Provider("main", Audience.CUSTOMER, settings)


def metadata(**changes: object) -> Metadata:
    return read(document(**changes), ISSUER, loopback=False)


def opened(wanted: Wanted = Wanted()) -> Opened:  # noqa: B008 - it never changes
    transaction = Transaction(
        Audience.CUSTOMER, "main", ISSUER, "https://portal.example.com/cb", wanted, "the-nonce", "v" * 43
    )
    return Opened(transaction, "the-state", "the-browser")


@pytest.mark.asvs("1.2.2", "10.1.2", "10.2.1", "10.2.3")
def test_the_address_of_a_login_binds_state_nonce_and_verifier() -> None:
    asked = authorization_request(provider(), opened(), language="de")
    url = authorization_url(metadata(authorization_endpoint=f"{ISSUER}/authorize?tenant=7"), asked)

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
        "max_age": ["2592000"],
    }
    assert "v" * 43 not in url and "the-browser" not in url


def test_who_is_there_can_be_asked_anew() -> None:
    assert authorization_request(provider(), opened(), language="en", prompt="login")["prompt"] == "login"


def test_a_fresh_and_strong_login_can_be_asked_for() -> None:
    wanted = Wanted(Purpose.STEP_UP, max_age=0, acr_values=("urn:gold", "urn:silver"))
    asked = authorization_request(provider(), opened(wanted), language="en")
    assert (asked["max_age"], asked["acr_values"]) == ("0", "urn:gold urn:silver")
