"""What Alice typed into a form that wants a fresh login: kept while she shows once more that it is her."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL

from portal import clock
from portal.app import create_app
from portal.identity import tokens
from portal.paths import resource
from portal.record.read import StoredRecord
from tests.conftest import Stores, make_settings
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import open_form, send
from tests.integration.web.browsing import Served, a_browser, a_session, listening, serving

SERVICE = "/record/profile/service"
LINE = "You typed this before you showed once more that it is you. It is not saved yet."

pytestmark = pytest.mark.asvs("7.5.3")


@pytest.fixture(scope="module")
async def served(database_url: URL, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A portal whose catalogue says that what helps somebody is sensitive."""
    catalogue = Path(tmp_path_factory.mktemp("catalogue")) / "catalogue.toml"
    shipped = resource("catalogue.toml").read_text(encoding="utf-8")
    field = "[fields.good_to_know]\n"
    assert field in shipped
    catalogue.write_text(shipped.replace(field, f"{field}sensitive = true\n"), encoding="utf-8")
    silent = {"main": {"issuer": "http://localhost:1", "client_id": "portal"}}
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        settings = make_settings(database_url, public_url=origin, catalogue=catalogue, customer_oidc=silent)
        app = create_app(settings)
        async with serving(app, bound):
            yield Served(origin, app)


async def logged_in(stores: Stores, cookies: dict[str, str], *, hours_ago: int) -> None:
    """As if the login had been then."""
    await stores.staff.database.fetch_all(
        "UPDATE portal.session SET authenticated_at = %s WHERE token_hash = %s",
        [clock.now() - timedelta(hours=hours_ago), tokens.digest(cookies["portal_session"])],
    )


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
async def test_it_comes_back_after_the_fresh_login(
    served: Served, stores: Stores, alice: StoredRecord, alices: Elsewhere, htmx: bool
) -> None:
    # Given a form that she opened when her login was fresh, and that it is not any more
    cookies = await a_session(stores.staff, customer_id=alice.record.id)
    async with a_browser(served.origin, **cookies) as browser:
        form = await open_form(browser, SERVICE)
        await logged_in(stores, cookies, hours_ago=3)

        # When she sends it, she is asked to show once more that it is her
        answer = await send(browser, form, good_to_know="The dog is deaf.", htmx=htmx)
        assert answer.status_code == 401
        way = "/login/fresh?next=%2Frecord%2Fprofile%2Fservice"
        assert answer.headers["hx-redirect"] == way if htmx else f'content="0; url={way}"' in answer.text
        assert (await alices.record()).profile.get("good_to_know") is None
        draft = browser.cookies["portal_draft"]

    # Then, in the new session that this brings, the form stands there as she left it, and can be saved
    renewed = await a_session(stores.staff, customer_id=alice.record.id)
    async with a_browser(served.origin, **renewed, portal_draft=draft) as browser:
        assert LINE in (await browser.get(SERVICE)).text
        await send(browser, await open_form(browser, SERVICE))
    assert (await alices.record()).profile["good_to_know"] == "The dog is deaf."


async def test_who_asks_for_the_form_is_led_to_the_form(served: Served, stores: Stores, alice: StoredRecord) -> None:
    cookies = await a_session(stores.staff, customer_id=alice.record.id)
    await logged_in(stores, cookies, hours_ago=3)
    async with a_browser(served.origin, **cookies) as browser:
        opened = await browser.get(SERVICE)
        clicked = await browser.get(
            SERVICE, headers={"hx-request": "true", "hx-current-url": f"{served.origin}/record"}
        )
    way = "/login/fresh?next=%2Frecord%2Fprofile%2Fservice"
    assert (opened.status_code, opened.headers["location"]) == (303, way)
    assert (clicked.status_code, clicked.headers["hx-redirect"]) == (401, way)


async def test_a_form_without_the_sessions_token_makes_no_draft(
    served: Served, stores: Stores, alice: StoredRecord, bob: StoredRecord
) -> None:
    """Not even a form of another session of a customer: nothing of Bob's is kept for Alice."""
    his = await a_session(stores.staff, customer_id=bob.record.id)
    async with a_browser(served.origin, **his) as browser:
        bobs_form = await open_form(browser, SERVICE)
    cookies = await a_session(stores.staff, customer_id=alice.record.id)
    await logged_in(stores, cookies, hours_ago=3)
    async with a_browser(served.origin, **cookies) as browser:
        for token in (bobs_form.fields["form_token"][0], "made-up", ""):
            answer = await send(browser, bobs_form, form_token=token, good_to_know="Planted.")
            assert answer.status_code == 401 and "portal_draft" not in browser.cookies
