"""What of a provider's word about itself is believed."""

from typing import Any

import pytest

from portal.identity.discovery import read
from portal.identity.failures import ProviderMistaken
from tests.unit.identity.signing import ISSUER, MISSING

DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/jwks",
}


def document(**changes: object) -> dict[str, Any]:
    return {name: value for name, value in (DOCUMENT | changes).items() if value is not MISSING}


def test_a_short_document_will_do() -> None:
    metadata = read(document(), ISSUER, loopback=False)
    assert metadata.token_endpoint == f"{ISSUER}/token"
    assert metadata.userinfo_endpoint is None and metadata.end_session_endpoint is None
    assert metadata.client_authentication == {"client_secret_basic"}
    assert metadata.names_itself is False


def test_what_it_says_of_its_habits_is_taken() -> None:
    metadata = read(
        document(
            token_endpoint_auth_methods_supported=["client_secret_post", 7],
            authorization_response_iss_parameter_supported=True,
            id_token_signing_alg_values_supported=["none", "HS256"],
        ),
        ISSUER,
        loopback=False,
    )
    assert metadata.client_authentication == {"client_secret_post"}
    assert metadata.names_itself is True


@pytest.mark.asvs("10.5.3")
def test_where_requests_are_sent_ahead_is_taken() -> None:
    assert read(document(), ISSUER, loopback=False).pushed_endpoint is None
    ahead = document(pushed_authorization_request_endpoint=f"{ISSUER}/par")
    assert read(ahead, ISSUER, loopback=False).pushed_endpoint == f"{ISSUER}/par"


@pytest.mark.parametrize("endpoint", [MISSING, None], ids=str)
def test_requests_that_must_be_sent_ahead_and_cannot_be_are_refused(endpoint: object) -> None:
    wanted = document(require_pushed_authorization_requests=True, pushed_authorization_request_endpoint=endpoint)
    with pytest.raises(ProviderMistaken, match="no endpoint"):
        read(wanted, ISSUER, loopback=False)


@pytest.mark.parametrize(
    ("said", "understood"),
    [(["ES256", "RS256", 7], {"ES256", "RS256"}), ([], set()), (MISSING, None), ("ES256", None), (None, None)],
    ids=["two", "none", "missing", "a text", "null"],
)
def test_with_what_clients_may_sign_is_taken_or_not_said(said: object, understood: set[str] | None) -> None:
    metadata = read(document(token_endpoint_auth_signing_alg_values_supported=said), ISSUER, loopback=False)
    assert metadata.client_signatures == understood


@pytest.mark.parametrize(
    "issuer", ["https://evil.example", ISSUER + "/", ISSUER.upper(), MISSING, None, [ISSUER], ""], ids=str
)
def test_a_document_of_another_issuer_is_refused(issuer: object) -> None:
    with pytest.raises(ProviderMistaken, match="calls itself"):
        read(document(issuer=issuer), ISSUER, loopback=False)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize("value", [MISSING, None, "", 7, "/token"], ids=str)
def test_an_address_that_is_needed_has_to_be_there(name: str, value: object) -> None:
    with pytest.raises(ProviderMistaken, match=name):
        read(document(**{name: value}), ISSUER, loopback=False)


UNSAFE = [
    "http://login.example.com/token",
    "ftp://login.example.com/token",
    "javascript:alert(1)",
    "https://",
    "https://user:password@login.example.com/token",
    "https://login.example.com/token#fragment",
    "https://login.example.com/\r\ntoken",
    "https://[::1/token",
    "http://127.0.0.1.evil.example/token",
    "http://localhost.evil.example/token",
    "http://169.254.169.254/token",
]


@pytest.mark.asvs("1.3.6", "13.2.4")
@pytest.mark.parametrize("url", UNSAFE)
@pytest.mark.parametrize("loopback", [False, True])
@pytest.mark.parametrize(
    "name",
    ["token_endpoint", "userinfo_endpoint", "end_session_endpoint", "pushed_authorization_request_endpoint"],
)
def test_an_address_that_others_could_read_or_forge_is_refused(url: str, loopback: bool, name: str) -> None:
    with pytest.raises(ProviderMistaken, match=name):
        read(document(**{name: url}), ISSUER, loopback=loopback)


@pytest.mark.parametrize("host", ["localhost:9400", "127.0.0.1:9400", "[::1]:9400"])
def test_plain_http_will_do_on_ones_own_machine_in_development(host: str) -> None:
    issuer = f"http://{host}"
    local = document(issuer=issuer, token_endpoint=f"{issuer}/token")
    assert read(local, issuer, loopback=True).token_endpoint == f"{issuer}/token"
    with pytest.raises(ProviderMistaken):
        read(local, issuer, loopback=False)
