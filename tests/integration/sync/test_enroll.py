"""A connector that comes later than the customers."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import URL

from portal.crm.port import Connector
from portal.sync import enroll as enrolling
from portal.sync.enroll import enroll, register
from portal.sync.line import Line
from portal.sync.state import Wanted
from portal.sync.want import want
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import RemoteCrm
from tests.integration.sync_stage import Stage, as_administrator

GOING = asyncio.Event()


def another(stores: Stores, name: str) -> Line:
    crm: Connector = RemoteCrm()
    return Line(name, crm, stores.worker, 100, timedelta(seconds=30))


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolling, "BATCH", 3)


async def rows(stage: Stage, connector: str) -> dict[UUID, bool]:
    found = await stage.all("SELECT customer_id, push_due_at FROM portal.sync_state WHERE connector = %s", connector)
    return {row["customer_id"]: row["push_due_at"] is not None for row in found}


async def test_customers_who_were_there_before_are_due_for_it(stage: Stage) -> None:
    customers = {(await a_customer(stage.stores.worker)).record.id for _ in range(7)}
    late = another(stage.stores, "late")
    await register(stage.stores.worker.database, [late])

    assert await enroll(late, GOING) >= 7

    found = await rows(stage, "late")
    assert customers <= found.keys()
    assert all(found.values())
    assert await enroll(late, GOING) == 0, "the pass is over"


async def test_who_was_being_created_while_it_came_is_found_by_a_second_pass(stage: Stage, own_url: URL) -> None:
    late = another(stage.stores, "second")
    await register(stage.stores.worker.database, [late])
    await enroll(late, GOING)
    missed = (await a_customer(stage.stores.worker)).record.id
    as_administrator(own_url, "DELETE FROM portal.sync_state WHERE customer_id = %s AND connector = 'second'", missed)
    late.ahead = timedelta(minutes=2)

    assert await enroll(late, GOING) > 0

    done = await stage.one("SELECT enrolled_at FROM portal.connector WHERE name = 'second'")
    assert done["enrolled_at"] is not None
    assert missed in await rows(stage, "second")
    late.ahead = timedelta(days=1)
    assert await enroll(late, GOING) == 0, "and then never again"


async def test_whoever_comes_later_is_due_by_their_own_creation(stage: Stage) -> None:
    late = another(stage.stores, "third")
    await register(stage.stores.worker.database, [late])
    await enroll(late, GOING)
    customer = (await a_customer(stage.stores.worker)).record.id
    assert (await rows(stage, "third"))[customer]


async def test_a_worker_that_stops_goes_on_where_it_was(stage: Stage) -> None:
    for _ in range(4):
        await a_customer(stage.stores.worker)
    late = another(stage.stores, "fourth")
    await register(stage.stores.worker.database, [late])
    stopped = asyncio.Event()
    stopped.set()
    assert await enroll(late, stopped) == 0
    await enroll(late, GOING)
    everybody = await stage.one("SELECT count(*) FROM portal.customer")
    assert len(await rows(stage, "fourth")) == everybody["count"]


async def test_a_new_label_is_taken_over(stage: Stage) -> None:
    line = another(stage.stores, "fifth")
    database = stage.stores.worker.database
    await register(database, [line])
    line.connector.label = "Our CRM"
    await register(database, [line])
    assert (await stage.one("SELECT label FROM portal.connector WHERE name = 'fifth'"))["label"] == "Our CRM"


@pytest.mark.parametrize("what", [Wanted.ERASED, Wanted.RESTRICTED])
async def test_who_was_erased_or_restricted_is_so_in_a_crm_that_comes_later(stage: Stage, what: Wanted) -> None:
    known = (await a_customer(stage.stores.worker)).record.id
    other = (await a_customer(stage.stores.worker)).record.id
    await want(stage.stores.worker.database, known, what, actor="anna")
    later = another(stage.stores, f"after_{what.value}")
    await register(stage.stores.worker.database, [later])
    await enroll(later, GOING)
    find = (
        "SELECT wanted, wanted_at IS NOT NULL AS told FROM portal.sync_state WHERE customer_id = %s AND connector = %s"
    )

    assert await stage.one(find, known, later.name) == {"wanted": what.value, "told": True}
    assert await stage.one(find, other, later.name) == {"wanted": "record", "told": False}
