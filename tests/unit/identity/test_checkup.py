"""What `portal doctor` says of a provider: one case for each thing that would go wrong at a login."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from joserfc.jwk import Key
from pydantic import SecretStr

from portal.identity.checkup import Remark, clocks, examine
from portal.identity.discovery import read
from portal.identity.keys import usable
from portal.identity.provider import Provider
from portal.identity.session import Audience
from portal.settings.providers import ClientAuthentication, CustomerProviderSettings, StaffProviderSettings, StaffRole
from tests.unit.identity.signing import ISSUER, MISSING, ec_key, public, rsa_key
from tests.unit.identity.test_discovery import document

SOUND: dict[str, object] = {
    "response_types_supported": ["code"],
    "code_challenge_methods_supported": ["S256"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "scopes_supported": ["openid", "profile", "email"],
    "claims_supported": ["sub", "auth_time", "customer_number", "roles"],
    "authorization_response_iss_parameter_supported": True,
    "end_session_endpoint": f"{ISSUER}/logout",
    "backchannel_logout_supported": True,
}


def customers(**changes: Any) -> Provider:
    given = CustomerProviderSettings(
        **{"issuer": ISSUER, "client_id": "portal", "client_secret": SecretStr("s"), **changes}
    )
    return Provider("main", Audience.CUSTOMER, given)


def staff(**changes: Any) -> Provider:
    secret, roles = SecretStr("s"), {"a": StaffRole.AGENT}
    given = StaffProviderSettings(
        **{"issuer": ISSUER, "client_id": "portal", "client_secret": secret, "roles": roles, **changes}
    )
    return Provider("main", Audience.STAFF, given)


def remarks(changes: dict[str, object], provider: Provider, *keys: Key) -> list[Remark]:
    published = document(**(SOUND | changes))
    found = usable(public(*(keys or (rsa_key(),))))
    return list(examine(published, read(published, ISSUER, loopback=False), found, provider))


def test_of_a_sound_provider_there_is_nothing_to_say() -> None:
    assert remarks({}, customers(number_claim="customer_number")) == []
    assert remarks({}, staff()) == []


FAILS: dict[str, tuple[dict[str, object], dict[str, Any], str]] = {
    "no code flow": ({"response_types_supported": ["id_token"]}, {}, "response type code"),
    "PKCE without S256": ({"code_challenge_methods_supported": ["plain"]}, {}, "not with S256"),
    "no algorithm of ours": ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, {}, "HS256, none"),
    "no key for what it signs with": ({"id_token_signing_alg_values_supported": ["ES256"]}, {}, "no key for ES256"),
    "private_key_jwt is not taken": (
        {"token_endpoint_auth_methods_supported": ["client_secret_basic"]},
        {"client_secret": SecretStr("")},
        "does not take private_key_jwt",
    ),
    "private_key_jwt is not taken, although it is set": (
        {"token_endpoint_auth_methods_supported": ["client_secret_basic"]},
        {"client_authentication": ClientAuthentication.PRIVATE_KEY_JWT},
        "says that it takes client_secret_basic",
    ),
    "our algorithm is not taken": (
        {
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        },
        {"client_secret": SecretStr("")},
        "ES256",
    ),
    "the secret is not taken": (
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
        {},
        "neither as HTTP Basic nor in the body",
    ),
    "the secret is not taken as it is set": (
        {"token_endpoint_auth_methods_supported": ["client_secret_basic"]},
        {"client_authentication": ClientAuthentication.CLIENT_SECRET_POST},
        "CLIENT_AUTHENTICATION is client_secret_post",
    ),
    "no such strength": ({"acr_values_supported": ["urn:low"]}, {"step_up_acr": ("urn:high",)}, "urn:high"),
    "e-mail without its scope": ({}, {"email_domains": ("example.com",), "scopes": "openid"}, "scope email"),
}


@pytest.mark.parametrize(("changes", "settings", "words"), FAILS.values(), ids=FAILS.keys())
def test_what_would_fail_is_said(changes: dict[str, object], settings: dict[str, Any], words: str) -> None:
    (remark,) = remarks(changes, customers(**settings))
    assert remark.fails and words in remark.words


def test_staff_without_a_role_is_said() -> None:
    (remark,) = remarks({}, staff(roles={}))
    assert remark.fails and "No claim gives a role" in remark.words


ADVICE: dict[str, tuple[dict[str, object], dict[str, Any], str]] = {
    "PKCE unsaid": ({"code_challenge_methods_supported": MISSING}, {}, "does not say that it checks PKCE"),
    "no iss parameter": ({"authorization_response_iss_parameter_supported": MISSING}, {}, "RFC 9207"),
    "no end_session": ({"end_session_endpoint": MISSING}, {}, "stays logged in there"),
    "no back-channel logout": ({"backchannel_logout_supported": False}, {}, "back-channel"),
    "auth_time unlisted": ({"claims_supported": ["sub"]}, {}, "auth_time"),
    "auth_time trusted where it is not said": (
        {"claims_supported": ["sub"]},
        {"trust_login_time": True},
        "each login here counts as a fresh one",
    ),
    "claim unlisted": ({}, {"number_claim": "contact_id"}, "contact_id"),
    "scope unlisted": ({"scopes_supported": ["openid", "email"]}, {}, "profile"),
}


@pytest.mark.parametrize(("changes", "settings", "words"), ADVICE.values(), ids=ADVICE.keys())
def test_what_could_be_better_is_advice(changes: dict[str, object], settings: dict[str, Any], words: str) -> None:
    (remark,) = remarks(changes, customers(**settings))
    assert not remark.fails and words in remark.words


def test_where_little_is_said_what_every_provider_does_is_assumed() -> None:
    silent: dict[str, object] = dict.fromkeys(SOUND, MISSING)
    found = remarks(silent, customers())
    assert [remark.fails for remark in found] == [False] * 4
    assert [remark for remark in remarks(silent, customers(), ec_key()) if remark.fails], "RS256 needs an RSA key"


def test_a_claim_inside_another_is_known_by_the_outer_one() -> None:
    assert remarks({"claims_supported": ["auth_time", "realm_access"]}, staff(roles_claim="realm_access.roles")) == []


NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "words"),
    [
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), "90 seconds ahead of ours"),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), "90 seconds behind ours"),
        (format_datetime(NOW - timedelta(seconds=20), usegmt=True), None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_clocks_that_differ_are_said(date: str | None, words: str | None) -> None:
    found = list(clocks(date, NOW))
    assert (words is None and found == []) or (words is not None and words in found[0].words and found[0].fails)
