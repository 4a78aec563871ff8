"""The portal with two CRMs on a database of its own: the built-in one, and one at the other end of a bad line."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from portal import clock
from portal.audit.values import Value
from portal.crm.embedded import EmbeddedCrm
from portal.record.read import StoredRecord
from portal.sync.enroll import register
from portal.sync.housekeeping import beat
from portal.sync.line import Line
from portal.sync.poll import Poller
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.desk.conftest import own_settings, own_stores, own_url, served, statements, stores
from tests.integration.desk.reading import part, text
from tests.integration.sync.remote_crm import RemoteCrm
from tests.integration.sync_stage import Stage, a_stage

__all__ = ["own_settings", "own_stores", "own_url", "served", "statements", "stores"]

SALESFORCE = "salesforce"
WORKER = UUID("018f0000-0000-7000-8000-00000000beef")


@dataclass
class Story:
    """What happens to Alice's changes, and how each of three people reads of it.

    Attributes:
        built_in, far: the stages of the two CRMs.
        crm: the one far away, which is called Salesforce.
    """

    built_in: Stage
    far: Stage
    crm: RemoteCrm
    id: UUID
    alice: httpx2.AsyncClient
    grace: httpx2.AsyncClient
    oscar: httpx2.AsyncClient

    async def changes(self, **values: Value) -> int:
        """Alice changes something; gives the number of the change."""
        done = await self.far.says(self.id, {f"profile/{key}": value for key, value in values.items()})
        return done.entry.seq

    async def passes(self) -> None:
        """One pass over each CRM."""
        await self.built_in.drain()
        await self.far.drain()

    async def works(self, *connectors: str) -> None:
        """A worker says that it lives, and what it serves."""
        await self.stopped()
        await beat(self.far.stores.worker.database, WORKER, connectors)

    async def stopped(self) -> None:
        await self.far.all("DELETE FROM portal.worker")

    async def reads(self) -> "Read":
        """The same change, the last one, as each of them has it before their eyes."""
        record = await page(self.alice, "/record/delivery")
        await page(self.alice, "/record/changes")
        desk = await page(self.grace, f"/desk/customers/{self.id}")
        return Read(text(part(record, "delivery")), text(part(desk, "aside")), await self.audited(), record)

    async def audited(self) -> str:
        """The auditor's page of the last change."""
        seq = (await self.far.record(self.id)).seq
        return text(await page(self.oscar, f"/audit/changes/{self.id}/{seq}"))


@dataclass(frozen=True)
class Read:
    """The words of each page, and the customer's as it was sent."""

    alice: str
    grace: str
    oscar: str
    sent: str


async def page(browser: httpx2.AsyncClient, address: str) -> str:
    """As it was sent."""
    answer = await browser.get(address)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.fixture
def crm() -> RemoteCrm:
    crm = RemoteCrm()
    crm.label = "Salesforce"
    return crm


@pytest.fixture
async def built_in(own_stores: Stores) -> Stage:
    return await a_stage(own_stores, EmbeddedCrm(own_stores.worker.database))


@pytest.fixture
async def far(own_stores: Stores, built_in: Stage, crm: RemoteCrm) -> Stage:
    line = Line(SALESFORCE, crm, own_stores.worker, 100, timedelta(seconds=30))
    await register(own_stores.worker.database, [line])
    return Stage(own_stores, line, Poller(line, clock.uuid7()))


@pytest.fixture
async def alice(built_in: Stage, far: Stage) -> StoredRecord:
    """Alice, whom both CRMs have."""
    stored = await a_customer(far.stores.worker, language="en", time_zone="Europe/London")
    for stage in (built_in, far):
        await stage.settle()
    return await far.stored(stored.record.id)


@pytest.fixture
async def story(
    built_in: Stage,
    far: Stage,
    crm: RemoteCrm,
    alice: StoredRecord,
    as_alice: httpx2.AsyncClient,
    as_grace: httpx2.AsyncClient,
    as_oscar: httpx2.AsyncClient,
) -> AsyncIterator[Story]:
    made = Story(built_in, far, crm, alice.record.id, as_alice, as_grace, as_oscar)
    await made.works("embedded", SALESFORCE)
    yield made
    await made.stopped()


def everybody(read: Read) -> Sequence[str]:
    return read.alice, read.grace, read.oscar
