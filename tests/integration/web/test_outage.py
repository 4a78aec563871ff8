"""The database is down: what people and machines are told meanwhile."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL, make_url

from portal.app import create_app
from tests.conftest import make_settings
from tests.integration.web.browsing import Served, a_browser, listening, serving
from tests.integration.web.rooms import with_test_rooms

COOKIE = {"portal_session": "x" * 43}


@pytest.fixture(scope="module")
async def cut_off() -> AsyncIterator[Served]:
    """The portal, and a database that is not there."""
    with listening() as nobody, listening() as bound:
        database: URL = make_url(f"postgresql+psycopg://127.0.0.1:{nobody.getsockname()[1]}/portal")
        origin = f"http://localhost:{bound.getsockname()[1]}"
        app = with_test_rooms(create_app(make_settings(database, public_url=origin)))
        async with serving(app, bound):
            yield Served(origin, app)


async def test_strangers_still_see_the_first_page(cut_off: Served) -> None:
    async with a_browser(cut_off.origin) as stranger:
        assert (await stranger.get("/")).status_code == 200


@pytest.mark.asvs("16.5.2", "16.5.3")
async def test_people_are_told_to_try_again_and_keep_what_they_typed(cut_off: Served) -> None:
    async with a_browser(cut_off.origin, **COOKIE) as alice:
        response = await alice.post("/test/section", data={"note": "My long text"}, timeout=30)

    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0
    assert "My long text" in response.text and "Nothing was saved" in response.text
    assert "psycopg" not in response.text and "127.0.0.1" not in response.text


async def test_machines_are_told_which_part_it_is(cut_off: Served) -> None:
    async with a_browser(cut_off.origin) as probe:
        assert (await probe.get("/health/live")).status_code == 200
        ready = await probe.get("/health/ready")
        metrics = await probe.get("/metrics")

    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "does not answer")
    assert ready.elapsed.total_seconds() < 3
    assert "portal_database_up 0.0" in metrics.text
