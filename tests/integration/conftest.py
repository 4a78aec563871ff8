"""The whole portal, served, and browsers of the cast that are logged in."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import URL

from portal import logs
from portal.app import create_app
from portal.record.read import StoredRecord
from portal.settings import StaffRole
from tests.conftest import Stores, make_settings
from tests.integration.web.browsing import Served, a_browser, a_session, listening, serving
from tests.integration.web.rooms import with_test_rooms


@pytest.fixture(scope="session")
async def served(database_url: URL) -> AsyncIterator[Served]:
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        # They are known, and never answer: who is logged in here has not come through them.
        silent = {"main": {"issuer": "http://localhost:1", "client_id": "portal"}}
        settings = make_settings(database_url, public_url=origin, customer_oidc=silent, staff_oidc=silent)
        logs.configure(settings)
        app = with_test_rooms(create_app(settings))
        async with serving(app, bound):
            yield Served(origin, app)


@pytest.fixture
async def stranger(served: Served) -> AsyncIterator[httpx2.AsyncClient]:
    async with a_browser(served.origin) as browser:
        yield browser


@pytest.fixture
async def as_alice(served: Served, stores: Stores, alice: StoredRecord) -> AsyncIterator[httpx2.AsyncClient]:
    cookies = await a_session(stores.staff, customer_id=alice.record.id)
    async with a_browser(served.origin, **cookies) as browser:
        yield browser


@pytest.fixture
async def as_grace(served: Served, stores: Stores) -> AsyncIterator[httpx2.AsyncClient]:
    cookies = await a_session(stores.staff, name="Grace Okafor", roles=(StaffRole.AGENT,))
    async with a_browser(served.origin, **cookies) as browser:
        yield browser


@pytest.fixture
async def as_bob(served: Served, stores: Stores, bob: StoredRecord) -> AsyncIterator[httpx2.AsyncClient]:
    cookies = await a_session(stores.staff, customer_id=bob.record.id, name="Bob Keller")
    async with a_browser(served.origin, **cookies) as browser:
        yield browser


@pytest.fixture
async def as_oscar(served: Served, stores: Stores) -> AsyncIterator[httpx2.AsyncClient]:
    cookies = await a_session(stores.staff, roles=(StaffRole.AUDITOR,), name="Oscar Lindqvist")
    async with a_browser(served.origin, **cookies) as browser:
        yield browser


@pytest.fixture
async def as_olivia(served: Served, stores: Stores) -> AsyncIterator[httpx2.AsyncClient]:
    cookies = await a_session(stores.staff, roles=(StaffRole.OPERATOR,), name="Olivia Brandt")
    async with a_browser(served.origin, **cookies) as browser:
        yield browser
