"""What a CRM allows to be called is shared by all machines, and what it says of its own counting is believed."""

from collections.abc import AsyncIterator

import pytest

from portal import clock
from portal.crm.port import Rate
from portal.sync.enroll import register
from portal.sync.poll import Poller
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import Fault, RemoteCrm
from tests.integration.sync_stage import Stage, a_stage

TEN_IN_TEN_SECONDS = Rate(calls=10, seconds=10)


@pytest.fixture
def crm() -> RemoteCrm:
    return RemoteCrm(rate=TEN_IN_TEN_SECONDS)


@pytest.fixture
async def stage(own_stores: Stores, crm: RemoteCrm) -> AsyncIterator[Stage]:
    made = await a_stage(own_stores, crm, batch=1)
    for _ in range(30):
        await a_customer(own_stores.worker)
    yield made
    crm.caps = RemoteCrm().caps
    await register(own_stores.worker.database, [made.line])


async def another_machine(stage: Stage, crm: RemoteCrm) -> Stage:
    """A second worker with a connector and a meter of its own."""
    other = RemoteCrm(rate=crm.caps.rate)
    other.contacts = crm.contacts
    line = type(stage.line)(stage.line.name, other, stage.line.store, 1, stage.line.lease)
    return Stage(stage.stores, line, Poller(line, clock.uuid7()))


async def passes(*stages: Stage) -> int:
    """Drain in turns until nobody gets anything; gives how many calls were made."""
    calls = 0
    while sum([await stage.drain() for stage in stages]):
        calls = sum(stage.line.connector.calls for stage in stages)  # type: ignore[attr-defined]
    return calls


async def tokens(stage: Stage) -> float:
    row = await stage.one("SELECT tokens FROM portal.connector_gate WHERE connector = %s", stage.line.name)
    return float(row["tokens"])


async def test_two_machines_share_one_budget(stage: Stage, crm: RemoteCrm) -> None:
    other = await another_machine(stage, crm)

    assert 10 <= await passes(stage, other) <= 12, "ten at once, and what has come back meanwhile"
    assert crm.calls >= 4, "and both got some"

    await stage.later(seconds=5)
    other.line.ahead = stage.line.ahead
    before = crm.calls
    assert 3 <= await passes(stage) - before <= 7, "half of it has come back"


async def test_it_never_holds_more_than_its_size(stage: Stage, crm: RemoteCrm) -> None:
    await stage.later(days=1)
    assert 10 <= await passes(stage) <= 12


async def test_calls_that_a_pass_made_besides_are_settled(stage: Stage, crm: RemoteCrm) -> None:
    stage.line.meter.spent(calls=8)
    await stage.drain()
    row = await stage.one("SELECT tokens, calls FROM portal.connector_gate WHERE connector = %s", stage.line.name)
    assert row["calls"] == 9
    assert row["tokens"] < 2


async def test_what_the_crm_says_is_left_counts(stage: Stage, crm: RemoteCrm) -> None:
    crm.left, crm.resets_in = 2, 20.0
    await stage.drain()
    assert await passes(stage) <= 4, "others use the same quota"


async def test_what_the_crm_says_it_takes_is_the_budget(stage: Stage, crm: RemoteCrm) -> None:
    crm.left, crm.limit = 900, 1_000

    assert await passes(stage) >= 10
    await stage.later(seconds=1)
    await passes(stage)
    assert crm.calls == 30, "a hundred have come back: its plan is larger than the smallest one"

    await register(stage.line.store.database, [stage.line])
    row = await stage.one("SELECT rate_calls FROM portal.connector_gate WHERE connector = %s", stage.line.name)
    assert row["rate_calls"] == 1_000, "also for the next worker"


async def test_a_poll_costs_what_it_calls(stage: Stage, crm: RemoteCrm) -> None:
    before = await tokens(stage)
    for _ in range(5):
        await stage.poller.poll()
    assert before - await tokens(stage) > 4


async def test_nobody_polls_on_credit(stage: Stage, crm: RemoteCrm) -> None:
    await stage.poller.poll()
    calls = crm.polls
    await stage.all("UPDATE portal.connector_gate SET tokens = -5, filled_at = now()")

    await stage.poller.poll()
    assert crm.polls == calls

    await stage.later(seconds=7)
    await stage.poller.poll()
    assert crm.polls == calls + 1


async def test_when_nothing_is_left_it_waits_until_the_counting_starts_over(stage: Stage, crm: RemoteCrm) -> None:
    crm.left, crm.resets_in = 0, 20.0
    await passes(stage)
    await stage.later(seconds=15)
    await passes(stage)
    assert crm.calls == 1
    crm.left, crm.resets_in = None, None
    await stage.later(seconds=6)
    assert await passes(stage) > 1


async def test_a_break_that_the_crm_asks_for_is_kept_by_all(stage: Stage, crm: RemoteCrm) -> None:
    other = await another_machine(stage, crm)
    for row in await stage.all("SELECT customer_id FROM portal.sync_state WHERE push_due_at IS NOT NULL"):
        crm.fail(row["customer_id"], Fault.BUSY)

    assert await stage.drain() == 1

    assert (await stage.drain(), await other.drain()) == (0, 0)
    row = await stage.one("SELECT last_error FROM portal.connector_gate WHERE connector = %s", stage.line.name)
    assert row["last_error"] == "too many requests"
    await stage.later(seconds=8)
    assert await stage.drain() == 1
