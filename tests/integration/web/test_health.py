"""What machines ask: does it live, is it ready, how is it doing."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import URL

from portal.app import create_app
from tests.conftest import Stores, make_settings
from tests.integration.web.browsing import Served, a_browser, listening, serving


@pytest.fixture
async def worker(stores: Stores) -> AsyncIterator[None]:
    """A worker that was seen just now."""
    id = uuid4()
    await stores.worker.database.fetch_all("INSERT INTO portal.worker (id) VALUES (%s)", [id])
    yield
    await stores.worker.database.fetch_all("DELETE FROM portal.worker WHERE id = %s", [id])


async def test_it_lives(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.get("/health/live")).status_code == 200


@pytest.mark.usefixtures("worker")
async def test_it_is_ready_when_everything_is_there(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "checks": {"database": "ok", "migrations": "ok", "workers": "ok"},
    }


async def test_without_workers_it_says_so(stranger: httpx2.AsyncClient, stores: Stores) -> None:
    await stores.worker.database.fetch_all("UPDATE portal.worker SET seen_at = clock_timestamp() - interval '1 hour'")
    response = await stranger.get("/health/ready")

    assert response.status_code == 503
    assert response.json()["checks"] == {
        "database": "ok", "migrations": "ok", "workers": "none was seen in the last 10 seconds"
    }  # fmt: skip


@pytest.mark.usefixtures("worker")
async def test_metrics_tell_routes_and_sync_and_nobodys_ids(stranger: httpx2.AsyncClient) -> None:
    await stranger.get("/nothing/018f0000-0000-7000-8000-00000000beef")
    text = (await stranger.get("/metrics")).text

    assert 'portal_http_requests_total{method="GET",route="unmatched",status="404"}' in text
    assert 'portal_http_request_seconds_bucket{le="0.005",method="GET",route=' in text
    assert 'portal_sync_backlog{connector="embedded"}' in text
    assert "portal_database_up 1.0" in text
    assert "portal_workers 1.0" in text
    assert "beef" not in text


@pytest.fixture
async def guarded(database_url: URL) -> AsyncIterator[Served]:
    """The portal with a token for its metrics."""
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        app = create_app(make_settings(database_url, public_url=origin, metrics_token="number-9"))
        async with serving(app, bound):
            yield Served(origin, app)


@pytest.mark.asvs("13.4.5")
async def test_metrics_are_for_who_has_the_token(guarded: Served) -> None:
    async with a_browser(guarded.origin) as client:
        for header in ("", "Bearer", "Bearer number-8", "number-9", "Bearer nümber-9"):
            response = await client.get("/metrics", headers={b"authorization": header.encode()})
            assert response.status_code == 401
        assert (await client.get("/metrics", headers={"authorization": "Bearer number-9"})).status_code == 200


@pytest.mark.asvs("13.4.5")
async def test_in_production_there_are_no_metrics_without_a_token(database_url: URL) -> None:
    settings = make_settings(database_url)
    production = settings.model_copy(update={"environment": "production", "metrics_token": SecretStr("")})
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        app = create_app(production.model_copy(update={"public_url": origin}))
        async with serving(app, bound), a_browser(origin) as client:
            assert (await client.get("/metrics")).status_code == 404
