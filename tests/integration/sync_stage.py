"""What tests of sync and of the built-in CRM play on: a database of each module's own, and one connector's line.

A drain takes whatever is due, so the customers of other tests must be neither there nor due.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import URL

from portal import clock
from portal.audit.entry import Actor, ActorKind
from portal.audit.values import Value
from portal.catalogue import Catalogue
from portal.crm.embedded import EmbeddedCrm
from portal.crm.embedded.card import Card, Viewer, card
from portal.crm.embedded.edit import Edited, edit
from portal.crm.port import Connector
from portal.db.database import Row
from portal.record.change import Changed, change
from portal.record.models import Record
from portal.record.read import StoredRecord, read
from portal.settings import Settings
from portal.sync.drain import drain
from portal.sync.enroll import register
from portal.sync.line import Line
from portal.sync.poll import Poller
from tests.builders import GRACE, SYSTEM, an_intention
from tests.conftest import Stores, Template, make_settings, open_stores

WELL = """
    UPDATE portal.connector_gate SET failures = 0, trips = 0, open_until = NULL, opened_at = NULL, closed_at = NULL,
        probing_until = NULL, shut_until = NULL, tokens = rate_calls, filled_at = now(),
        remaining = NULL, remaining_of = NULL,
        resets_at = NULL, calls = 0, last_error = NULL, sweeping_until = NULL, swept_through = NULL, swept_at = NULL,
        resyncing_since = NULL, resynced_through = NULL, resynced_at = NULL"""

GRACE_AT_THE_DESK = Viewer(UUID(GRACE.id), "Grace Okafor")


@dataclass
class Stage:
    """One line, and whoever acts on either side of it."""

    stores: Stores
    line: Line
    poller: Poller

    async def says(self, customer: UUID, values: Mapping[str, Value], *, action: str = "profile:changed") -> Changed:
        """A customer changes their record in the portal."""
        me = Actor(ActorKind.CUSTOMER, str(customer), "portal")
        outcome = await change(self.stores.customer, customer, an_intention(action, me), values)
        assert isinstance(outcome, Changed)
        return outcome

    async def imports(self, customer: UUID, values: Mapping[str, Value]) -> None:
        """The system changes the record, as an import does."""
        outcome = await change(self.stores.worker, customer, an_intention("customer:imported", SYSTEM), values)
        assert isinstance(outcome, Changed)

    async def edits(self, customer: UUID, changes: Mapping[str, Value]) -> int:
        """Grace edits the contact in the built-in CRM, as it is now; gives the new version."""
        staff = self.stores.staff
        seen = await self.sees(customer)
        outcome = await edit(staff.database, staff.catalogue, customer, seen.version, changes, GRACE_AT_THE_DESK)
        assert isinstance(outcome, Edited)
        return outcome.version

    async def sees(self, customer: UUID) -> Card:
        """What Grace has before her eyes."""
        found = await card(self.stores.staff.database, self.stores.staff.catalogue, customer, GRACE_AT_THE_DESK)
        assert found is not None
        return found

    async def drain(self) -> int:
        """One pass."""
        return await drain(self.line)

    async def settle(self) -> int:
        """Poll and drain until nothing is due now; gives how many passes that took."""
        for passes in range(50):
            polled = await self.poller.poll()
            if not await drain(self.line) and not polled:
                return passes
        raise AssertionError("it does not come to rest")

    async def stored(self, customer: UUID) -> StoredRecord:
        found = await read(self.stores.worker.database, self.stores.worker.keys, customer)
        assert found is not None
        return found

    async def record(self, customer: UUID) -> Record:
        return (await self.stored(customer)).record

    async def state(self, customer: UUID) -> Row:
        """The row of sync_state."""
        return await self.one(
            "SELECT * FROM portal.sync_state WHERE customer_id = %s AND connector = %s", customer, self.line.name
        )

    async def due_in(self, customer: UUID, column: str) -> float:
        """Seconds until a push_due_at, pull_due_at or verify_at."""
        due: datetime = (await self.state(customer))[column]
        return (due - clock.now()).total_seconds()

    async def later(self, **delay: float) -> None:
        """Let time pass, for whatever is due by the database's clock."""
        self.line.ahead += timedelta(**delay)

    async def all(self, sql: str, *params: Any) -> list[Row]:
        return await self.stores.worker.database.fetch_all(sql, params)

    async def one(self, sql: str, *params: Any) -> Row:
        rows = await self.all(sql, *params)
        assert len(rows) == 1
        return rows[0]


@pytest.fixture(scope="module")
def own_url(template: Template, worker_id: str, request: pytest.FixtureRequest) -> Iterator[URL]:
    name = f"portal_{request.module.__name__.rpartition('.')[2]}_{worker_id}"[:63]
    yield template.clone(name)
    template.drop(name)


@pytest.fixture(scope="module")
def own_settings(own_url: URL) -> Settings:
    return make_settings(own_url, database_pool_size=8)


@pytest.fixture(scope="module")
async def own_stores(own_settings: Settings, catalogue: Catalogue) -> AsyncIterator[Stores]:
    async with open_stores(own_settings, catalogue) as opened:
        yield opened


@pytest.fixture
async def stage(own_stores: Stores) -> Stage:
    """The built-in CRM, and nobody due."""
    return await a_stage(own_stores, EmbeddedCrm(own_stores.worker.database))


def as_administrator(url: URL, statement: str, *params: Any) -> None:
    """Do what no role of the portal may."""
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        connection.execute(statement.encode(), params)


async def a_stage(stores: Stores, connector: Connector, *, batch: int = 100) -> Stage:
    """A line to some CRM, and nobody due."""
    line = Line("embedded", connector, stores.worker, batch, timedelta(seconds=30))
    await register(stores.worker.database, [line])
    await stores.worker.database.fetch_all(
        "UPDATE portal.sync_state SET push_due_at = NULL, pull_due_at = NULL, verify_at = NULL, lease = NULL"
    )
    await stores.worker.database.fetch_all(
        "UPDATE portal.connector SET poller = NULL, polling_until = NULL, paused_at = NULL, cursor = NULL"
    )
    await stores.worker.database.fetch_all(WELL)
    return Stage(stores, line, Poller(line, clock.uuid7()))
