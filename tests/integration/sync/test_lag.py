"""How late a CRM is: since the oldest change was made that it does not have, however often that has been tried."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import URL

from portal.health.metrics import LOOK
from portal.operations.crm_queries import crm as one_crm
from portal.operations.queries import overview
from portal.sync.samples import sample
from tests.conftest import Stores
from tests.integration.sync.remote_crm import Fault, RemoteCrm
from tests.integration.sync_stage import Stage, a_stage, as_administrator

HOURS = timedelta(hours=2)


@pytest.fixture
def remote() -> RemoteCrm:
    return RemoteCrm()


@pytest.fixture
async def stage(own_stores: Stores, remote: RemoteCrm) -> Stage:
    return await a_stage(own_stores, remote)


async def test_a_change_that_has_failed_for_hours_is_hours_late(
    stage: Stage, remote: RemoteCrm, alice: UUID, own_url: URL
) -> None:
    # Given a change of two hours ago, whose answers are lost, one after the other
    remote.fail(alice, *[Fault.LOST] * 3)
    await stage.says(alice, {"profile/language": "de"})
    as_administrator(own_url, "UPDATE portal.change_record SET at = at - %s WHERE customer_id = %s", HOURS, alice)
    as_administrator(own_url, "UPDATE portal.connector SET added_at = added_at - interval '1 day'")
    for _attempt in range(3):
        await stage.drain()
        await stage.later(minutes=1)

    # When it is due again some time from now
    assert await stage.due_in(alice, "push_due_at") > 0

    # Then everybody who watches is told of two hours
    about = pytest.approx(HOURS.total_seconds(), abs=60)
    [metric] = await stage.all(LOOK)
    assert (metric["lag"], metric["backlog"]) == (about, 1)
    await stage.all("UPDATE portal.connector_gate SET sampled_at = NULL")
    await sample(stage.stores.worker.database)
    assert (await stage.one("SELECT lag FROM portal.sync_sample ORDER BY at DESC LIMIT 1"))["lag"] == about
    page = await one_crm(stage.stores.staff.database, stage.line.name)
    assert page is not None and (page.row["at"] - page.row["waiting_since"]).total_seconds() == about
    seen = await overview(stage.stores.staff.database)
    [health] = seen.connectors
    assert health.waiting_since == page.row["waiting_since"] and health.behind == 1
