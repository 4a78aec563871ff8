"""`portal doctor` asks each provider what a login would ask, and says in words what would go wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL

from portal.cli.finding import Finding
from portal.cli.provider_checks import ask_providers
from tests.commands import environment, portal
from tests.conftest import make_settings
from tests.integration.identity.hostile import HostileProvider


@pytest.fixture
def hostile() -> Iterator[HostileProvider]:
    with HostileProvider() as made:
        made.document |= {
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "end_session_endpoint": f"{made.issuer}/logout",
            "backchannel_logout_supported": True,
        }
        # It does not know the made-up code, as a real one would not.
        made.answers["/token"] = (400, {"error": "invalid_grant"})
        yield made


async def doctor(database: URL, issuer: str, **changes: object) -> list[Finding]:
    customers = {"main": {"issuer": issuer, "client_id": "portal", "client_secret": "s3cret"}}
    staff = {"main": {"issuer": issuer, "client_id": "portal-staff", "client_secret": "s3cret", "roles": "a=agent"}}
    settings = make_settings(database, **{"customer_oidc": customers, "staff_oidc": staff, **changes})
    found = await ask_providers(settings)
    assert all("s3cret" not in (finding.advice or "") for finding in found)
    return found


async def wrong(database: URL, issuer: str, **changes: object) -> str:
    """What is wrong with each provider, and nothing of what could be better."""
    found = await doctor(database, issuer, **changes)
    assert all(finding.wrong for finding in found) and len(found) == 2
    return " ".join(finding.advice or "" for finding in found)


def test_as_an_operator_runs_it(database_url: URL, tmp_path: Path, hostile: HostileProvider) -> None:
    del hostile.document["end_session_endpoint"]
    given = {
        "CUSTOMER_OIDC__MAIN__ISSUER": hostile.issuer,
        "CUSTOMER_OIDC__MAIN__CLIENT_ID": "portal",
        "CUSTOMER_OIDC__MAIN__CLIENT_SECRET": "s3cret",
    }
    told = portal("doctor", env=environment(database_url) | given, folder=tmp_path)
    assert told.returncode == 1 and "Traceback" not in told.stderr and "s3cret" not in told.stdout
    assert f"✓ customer identity provider main, {hostile.issuer}: 1 signing key" in told.stdout
    assert "! customer identity provider main" in told.stdout and "stays logged in there" in told.stdout
    assert "✗ staff identity provider" in told.stdout and "set STAFF_OIDC__<NAME>__ISSUER" in told.stdout


async def test_all_is_well(database_url: URL, hostile: HostileProvider) -> None:
    found = await doctor(database_url, hostile.issuer)
    assert [finding.what for finding in found if not finding.advice] == [
        f"customer identity provider main, {hostile.issuer}: 1 signing key",
        f"staff identity provider main, {hostile.issuer}: 1 signing key",
    ]
    assert len(found) == 2 == len(hostile.asked["/token"]), "it asked whether it is known"


async def test_advice_is_no_failure(database_url: URL, hostile: HostileProvider) -> None:
    del hostile.document["backchannel_logout_supported"]
    found = await doctor(database_url, hostile.issuer)
    assert not any(finding.wrong for finding in found)
    assert any("back-channel" in (finding.advice or "") for finding in found)


async def test_each_of_several_is_asked(database_url: URL, hostile: HostileProvider) -> None:
    both = {
        "main": {"issuer": hostile.issuer, "client_id": "portal", "client_secret": "s3cret"},
        "shop": {"issuer": "http://127.0.0.1:9", "client_id": "portal"},
    }
    main, shop, _ = await doctor(database_url, hostile.issuer, customer_oidc=both)
    assert not main.wrong and shop.wrong and "shop, http://127.0.0.1:9" in shop.what
    assert "can this machine reach it?" in (shop.advice or "")


async def test_another_issuer(database_url: URL, hostile: HostileProvider) -> None:
    hostile.document["issuer"] = "https://login.example.com"
    told = await wrong(database_url, hostile.issuer)
    assert f"the configured issuer is '{hostile.issuer}'" in told and "https://login.example.com" in told


async def test_plain_http_elsewhere(database_url: URL) -> None:
    assert "is no https address" in await wrong(database_url, "http://login.example.com")


async def test_pushed_requests_without_an_address(database_url: URL, hostile: HostileProvider) -> None:
    hostile.document["require_pushed_authorization_requests"] = True
    assert "names no endpoint for them" in await wrong(database_url, hostile.issuer)


async def test_no_algorithm_of_ours(database_url: URL, hostile: HostileProvider) -> None:
    hostile.document["id_token_signing_alg_values_supported"] = ["HS256"]
    assert "signs ID tokens with none of RS256, PS256, ES256, EdDSA" in await wrong(database_url, hostile.issuer)


async def test_no_key_that_we_could_check_with(database_url: URL, hostile: HostileProvider) -> None:
    hostile.keys = {"keys": []}
    assert "no key for RS256" in await wrong(database_url, hostile.issuer)


async def test_a_client_that_it_does_not_know(database_url: URL, hostile: HostileProvider) -> None:
    hostile.answers["/token"] = (401, {"error": "invalid_client"})
    told = await wrong(database_url, hostile.issuer)
    assert "answers 401, 'invalid_client'. Are client id, secret and redirect address" in told


async def test_pushed_requests_and_keys(database_url: URL, hostile: HostileProvider) -> None:
    """It asks with a key of ours, and with the redirect address that a login would name."""
    hostile.wants_pushed_requests()
    customers = {"main": {"issuer": hostile.issuer, "client_id": "portal"}}
    staff = {"main": {"issuer": hostile.issuer, "client_id": "portal-staff", "roles": "a=agent"}}
    found = await doctor(database_url, hostile.issuer, customer_oidc=customers, staff_oidc=staff)
    assert not any(finding.wrong for finding in found)
    for_customers, for_staff = (request["form"] for request in hostile.asked["/par"])
    assert for_customers["redirect_uri"].endswith("/login/callback/customer/main")
    assert for_staff["redirect_uri"].endswith("/login/callback/staff/main")
    assert "client_assertion" in for_customers

    hostile.answers["/par"] = (400, {"error": "invalid_redirect_uri"})
    told = await wrong(database_url, hostile.issuer, customer_oidc=customers, staff_oidc=staff)
    assert "'invalid_redirect_uri'" in told
