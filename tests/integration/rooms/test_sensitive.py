"""A field that the operator calls sensitive: whoever changes it has shown only just now who they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import URL

from portal.app import create_app
from portal.catalogue import load
from portal.paths import resource
from portal.record.read import StoredRecord
from tests.conftest import Stores, make_settings
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import HTMX, open_form, send
from tests.integration.web.browsing import a_browser, a_session, listening, serving

pytestmark = pytest.mark.asvs("7.5.3")
SENSITIVE, PLAIN = "/record/profile/service", "/record/profile/about"
FIELD = "[fields.good_to_know]\n"


@pytest.fixture
async def as_alice(
    database_url: URL, stores: Stores, alice: StoredRecord, tmp_path: Path
) -> AsyncIterator[httpx2.AsyncClient]:
    """Alice, who has just logged in to a portal with a sensitive field."""
    catalogue = tmp_path / "catalogue.toml"
    text = resource("catalogue.toml").read_text(encoding="utf-8")
    catalogue.write_text(text.replace(FIELD, FIELD + "sensitive = true\n"), encoding="utf-8")
    cookies = await a_session(stores.staff, customer_id=alice.record.id, provider="main")
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        silent = {"main": {"issuer": "http://localhost:1", "client_id": "portal"}}
        app = create_app(make_settings(database_url, public_url=origin, catalogue=catalogue, customer_oidc=silent))
        async with serving(app, bound), a_browser(origin, **cookies) as browser:
            yield browser


async def an_hour_passes(stores: Stores, alice: StoredRecord) -> None:
    await stores.staff.database.fetch_all(
        "UPDATE portal.session SET authenticated_at = authenticated_at - interval '1 hour' WHERE customer_id = %s",
        [alice.record.id],
    )


def test_the_catalogue_that_comes_along_has_no_such_field() -> None:
    catalogue = load(resource("catalogue.toml"))
    assert not any(catalogue.asks_for_a_fresh_login(section) for section in catalogue.sections)


async def test_she_changes_it_who_has_just_logged_in_and_cannot_take_it_back_by_a_click(
    as_alice: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    form = await open_form(as_alice, SENSITIVE)
    answer = await send(as_alice, form, good_to_know="The bell is broken.")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/record?card=profile-service")
    assert (await alices.record()).profile["good_to_know"] == "The bell is broken."
    assert 'action="/record/undo"' not in (await as_alice.get("/record")).text


async def test_what_is_not_sensitive_she_changes_and_takes_back_at_any_time(
    as_alice: httpx2.AsyncClient, stores: Stores, alice: StoredRecord
) -> None:
    await an_hour_passes(stores, alice)
    answer = await send(as_alice, await open_form(as_alice, PLAIN), call_me="Ali")
    assert answer.status_code == 303 and answer.headers["location"].startswith("/record?card=profile-about")
    assert 'action="/record/undo"' in (await as_alice.get("/record")).text


async def test_later_she_is_asked_for_a_fresh_login_before_the_form_is_shown(
    as_alice: httpx2.AsyncClient, stores: Stores, alice: StoredRecord
) -> None:
    await an_hour_passes(stores, alice)
    stopped = await as_alice.get(SENSITIVE)
    assert (stopped.status_code, stopped.headers["location"]) == (
        303,
        "/login/fresh?next=%2Frecord%2Fprofile%2Fservice",
    )
    opened = await as_alice.get(SENSITIVE, headers=HTMX)
    assert opened.status_code == 401 and "<form" not in opened.text.partition("<template")[0].replace("<form-", "")


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_form_that_was_opened_before_changes_nothing_without_it(
    as_alice: httpx2.AsyncClient, stores: Stores, alice: StoredRecord, alices: Elsewhere, htmx: bool
) -> None:
    form = await open_form(as_alice, SENSITIVE)
    await an_hour_passes(stores, alice)
    answer = await send(as_alice, form, htmx=htmx, good_to_know="Typed too late.")
    assert answer.status_code == 401
    assert "/login/fresh?next=" in (answer.headers.get("hx-redirect") or answer.text)
    assert "good_to_know" not in (await alices.record()).profile


async def test_undoing_is_no_way_around_it(
    as_alice: httpx2.AsyncClient, stores: Stores, alice: StoredRecord, alices: Elsewhere
) -> None:
    await send(as_alice, await open_form(as_alice, SENSITIVE), good_to_know="The bell is broken.")
    plain = await open_form(as_alice, PLAIN)
    sent = {"form_token": plain.fields["form_token"][0], "request_id": plain.fields["request_id"][0], "seq": "2"}
    answer = await as_alice.post("/record/undo", data=sent)
    assert answer.status_code == 404 and "Change the field itself" in answer.text
    assert (await alices.record()).profile["good_to_know"] == "The bell is broken."
