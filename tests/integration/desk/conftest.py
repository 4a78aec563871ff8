"""The portal on a database of each module's own, with a line to the built-in CRM that a test drains when it likes."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import URL

from portal.app import create_app
from portal.db.database import Database, Params, Row
from portal.record.read import StoredRecord
from tests.builders import a_contact_point, a_customer, a_note, a_window
from tests.conftest import Stores, make_settings
from tests.integration.sync_stage import Stage, own_settings, own_stores, own_url, stage
from tests.integration.web.browsing import Served, listening, serving

__all__ = ["own_settings", "own_stores", "own_url", "stage"]


@pytest.fixture(scope="module")
def stores(own_stores: Stores) -> Stores:
    return own_stores


@pytest.fixture(scope="module")
async def served(own_url: URL) -> AsyncIterator[Served]:
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        app = create_app(make_settings(own_url, public_url=origin))
        async with serving(app, bound):
            yield Served(origin, app)


@pytest.fixture
async def alice(stage: Stage) -> StoredRecord:
    """Alice, who is in the CRM already, with a note, an e-mail address, a mobile number, and hours for calls."""
    values = (
        a_contact_point("phone", "+442079460018", use="mobile", rank=1)
        | a_contact_point("email", "alice.marsh@example.com", rank=2)
        | a_window(weekdays=(1, 2, 3, 4, 5), start="17:00", end="20:00")
        | a_note("The engineer may use the key at number 12.")
    )
    stored = await a_customer(
        stage.stores.worker, values=values, language="en", time_zone="Europe/London", pronunciation="AL-iss",
        pronouns="she", account_tier="home", helps_me=["text_first"],
    )  # fmt: skip
    await stage.settle()
    return await stage.stored(stored.record.id)


@pytest.fixture
async def bob(stage: Stage) -> StoredRecord:
    stored = await a_customer(stage.stores.worker, given_name="Bob", family_name="Keller", language="de")
    await stage.settle()
    return stored


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that the portal runs from now on."""
    run: list[str] = []
    as_ever = Database._run

    async def noted(database: Database, sql: str, params: Params, binary: bool) -> list[Row]:
        run.append(sql)
        return await as_ever(database, sql, params, binary)

    monkeypatch.setattr(Database, "_run", noted)
    return run


def htmx(**more: str) -> dict[str, Any]:
    """The headers of a request that htmx makes."""
    return {"hx-request": "true", **more}
