"""One bad record in a batch that the CRM refuses as a whole: it alone is parked, and the others arrive."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from portal.crm.port import Desired, Outcome
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import RemoteCrm
from tests.integration.sync_stage import Stage, a_stage


@pytest.fixture
def crm() -> RemoteCrm:
    return RemoteCrm()


async def several(stage: Stage, number: int) -> list[UUID]:
    return [(await a_customer(stage.stores.worker)).record.id for _ in range(number)]


async def statuses(stage: Stage, customers: list[UUID]) -> list[str]:
    rows = await stage.all("SELECT customer_id, status FROM portal.sync_state WHERE customer_id = ANY(%s)", customers)
    by_customer = {row["customer_id"]: row["status"] for row in rows}
    return [by_customer[customer] for customer in customers]


async def test_one_poison_record_in_200_is_parked_and_199_arrive(own_stores: Stores, crm: RemoteCrm) -> None:
    stage = await a_stage(own_stores, crm, batch=200)
    customers = await several(stage, 200)
    crm.poisoned = {customers[137]}

    assert await stage.drain() == 200

    assert [customer for customer in customers if customer not in crm.contacts] == [customers[137]]
    expected = ["synced"] * 200
    expected[137] = "parked"
    assert await statuses(stage, customers) == expected
    assert (await stage.state(customers[137]))["last_error"] == "400 MALFORMED_REQUEST"
    assert crm.calls <= 1 + 2 * 8, "a logarithm of calls, not one for each record"


async def test_several_bad_ones_are_found_in_one_pass(own_stores: Stores, crm: RemoteCrm) -> None:
    stage = await a_stage(own_stores, crm)
    customers = await several(stage, 20)
    crm.poisoned = {customers[0], customers[1], customers[19]}

    await stage.drain()

    assert (await statuses(stage, customers)).count("parked") == 3
    assert len(crm.contacts) == 17


async def test_who_is_not_reached_in_time_comes_back_at_a_moment_of_their_own(
    own_stores: Stores, crm: RemoteCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await a_stage(own_stores, crm)
    customers = await several(stage, 8)
    crm.poisoned = {customers[3]}
    stage.line.lease = timedelta(seconds=1)
    push = crm.push

    async def slowly(batch: Sequence[Desired]) -> Sequence[Outcome]:
        await asyncio.sleep(0.25)
        return await push(batch)

    monkeypatch.setattr(crm, "push", slowly)
    await stage.drain()
    assert "retrying" in await statuses(stage, customers)
    monkeypatch.setattr(crm, "push", push)
    for _ in range(5):
        await stage.later(minutes=1)
        await stage.settle()

    assert await statuses(stage, customers) == ["synced"] * 3 + ["parked"] + ["synced"] * 4


async def test_what_a_crm_refuses_of_everybody_is_no_records_fault(own_stores: Stores, crm: RemoteCrm) -> None:
    stage = await a_stage(own_stores, crm)
    customers = await several(stage, 64)
    crm.poisoned = set(customers)  # a field was removed there

    assert await stage.drain() == 64

    assert crm.calls <= 12, "a few are enough to know"
    assert set(await statuses(stage, customers)) == {"retrying"}, "nobody is parked"
    gate = "SELECT open_until, trips, last_error FROM portal.connector_gate WHERE connector = %s"
    opened = await stage.one(gate, stage.line.name)
    assert (opened["trips"], opened["last_error"]) == (1, "400 MALFORMED_REQUEST")

    calls = crm.calls
    for trips in range(2, 7):
        await stage.later(minutes=6)
        await stage.settle()
        assert (await stage.one(gate, stage.line.name))["trips"] == trips
    assert crm.calls == calls + 5, "one record tries whether it is mended"
    assert set(await statuses(stage, customers)) == {"retrying"}

    crm.poisoned = set()
    for _ in range(3):
        await stage.later(minutes=6)
        await stage.settle()
    assert set(await statuses(stage, customers)) == {"synced"}
    assert (await stage.one(gate, stage.line.name))["open_until"] is None


async def test_what_it_refuses_of_each_for_another_reason_is_each_ones_own(own_stores: Stores, crm: RemoteCrm) -> None:
    stage = await a_stage(own_stores, crm)
    customers = await several(stage, 16)
    crm.poisoned, crm.says_whom = set(customers), True

    await stage.drain()

    assert set(await statuses(stage, customers)) == {"parked"}


async def test_bad_neighbours_among_good_ones_are_parked_alone(own_stores: Stores, crm: RemoteCrm) -> None:
    stage = await a_stage(own_stores, crm)
    customers = await several(stage, 40)
    crm.poisoned = set(customers[:5])

    for _ in range(6):
        await stage.settle()
        await stage.later(minutes=6)

    assert await statuses(stage, customers) == ["parked"] * 5 + ["synced"] * 35
