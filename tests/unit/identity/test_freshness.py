"""Whether a session's login is fresh and strong enough, and what is asked for when it is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from portal.identity.freshness import is_fresh, is_recent, wanted
from portal.identity.session import Audience, Session
from portal.identity.transaction import Purpose
from portal.settings import Environment, Settings
from portal.settings.providers import CustomerProviderSettings

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = UUID("018f0000-0000-7000-8000-000000000001")


def settings(acr: str = "", minutes: int = 10) -> Settings:
    main = CustomerProviderSettings(
        issuer="https://login.example.com", client_id="portal", step_up_acr=tuple(acr.split())
    )
    return Settings(environment=Environment.DEVELOPMENT, customer_oidc={"main": main}, step_up_minutes=minutes)


def session(age: timedelta, acr: str | None = None, provider: str = "main") -> Session:
    return Session(
        id=ID,
        audience=Audience.CUSTOMER,
        customer_id=ID,
        staff_id=None,
        login_id=ID,
        name="Alice Marsh",
        roles=frozenset(),
        language=None,
        form_secret=b"",
        provider=provider,
        authenticated_at=NOW - age,
        acr=acr,
        created_at=NOW - age,
        expires_at=NOW + timedelta(hours=1),
    )


MINUTE = timedelta(minutes=1)


@pytest.mark.asvs("6.8.4", "7.5.3")
@pytest.mark.parametrize(
    ("age", "acr", "needed", "fresh"),
    [
        (0 * MINUTE, None, "", True),
        (9.9 * MINUTE, None, "", True),
        (10 * MINUTE, None, "", False),
        (600 * MINUTE, "urn:gold", "", False),
        (MINUTE, None, "urn:gold", False),
        (MINUTE, "urn:bronze", "urn:gold", False),
        (MINUTE, "urn:gold", "urn:gold urn:silver", True),
        (11 * MINUTE, "urn:gold", "urn:gold", False),
        (-MINUTE, None, "", True),
    ],
)
def test_a_login_is_fresh_by_its_age_and_its_strength(
    age: timedelta, acr: str | None, needed: str, fresh: bool
) -> None:
    assert is_fresh(session(age, acr), settings(needed), NOW) is fresh


@pytest.mark.asvs("7.5.3")
@pytest.mark.parametrize("acr", [None, "urn:gold"])
def test_a_login_of_which_nobody_knows_when_it_was_is_not_fresh(acr: str | None) -> None:
    unsaid = replace(session(0 * MINUTE, acr), authenticated_at=None)
    assert not is_recent(unsaid, settings(), NOW) and not is_fresh(unsaid, settings(acr or ""), NOW)


def test_the_word_of_a_provider_that_is_gone_is_not_enough() -> None:
    assert not is_fresh(session(0 * MINUTE, provider="gone"), settings(), NOW)


@pytest.mark.parametrize("minutes", [2, 10, 60])
def test_what_is_asked_for_lasts_longer_than_clocks_may_differ(minutes: int) -> None:
    """Whoever comes back with the oldest login that passes is let in, and not sent away again."""
    asked = wanted(session(0 * MINUTE), b"h" * 32, settings(minutes=minutes), "/record")
    assert asked.max_age is not None and asked.max_age + 30 < minutes * 60
    assert (asked.purpose, asked.expected_session, asked.return_to) == (Purpose.STEP_UP, b"h" * 32, "/record")
