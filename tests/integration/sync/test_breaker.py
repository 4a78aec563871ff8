"""A CRM that does not answer is left alone for a while, by all workers; one record tries whether it is well again."""

import pytest

from portal.crm.answers import CallFailed
from portal.crm.port import Retry
from portal.crm.said import Own
from portal.db.database import Row
from portal.sync.gate import FAILURES_TO_OPEN
from portal.sync.state import Wanted
from portal.sync.want import want
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import Fault, RemoteCrm
from tests.integration.sync_stage import Stage, a_stage


@pytest.fixture
def crm() -> RemoteCrm:
    return RemoteCrm()


@pytest.fixture
async def stage(own_stores: Stores, crm: RemoteCrm) -> Stage:
    """One record a call, so that passes can be counted."""
    return await a_stage(own_stores, crm, batch=1)


async def gate(stage: Stage) -> Row:
    return await stage.one("SELECT * FROM portal.connector_gate WHERE connector = %s", stage.line.name)


async def happened(stage: Stage) -> list[str]:
    rows = await stage.all("SELECT event FROM portal.sync_event WHERE customer_id IS NULL ORDER BY id DESC LIMIT 2")
    return [row["event"] for row in reversed(rows)]


async def a_crm_that_is_down(stage: Stage, crm: RemoteCrm) -> None:
    crm.broken = ConnectionRefusedError()
    for _ in range(FAILURES_TO_OPEN + 3):
        await a_customer(stage.stores.worker)
    for _ in range(FAILURES_TO_OPEN):
        assert await stage.drain() == 1


async def test_after_some_failures_nobody_calls(stage: Stage, crm: RemoteCrm) -> None:
    await a_crm_that_is_down(stage, crm)
    calls = crm.calls

    assert await stage.drain() == 0, "though more is due"

    assert crm.calls == calls
    assert (await happened(stage))[-1] == "breaker_opened"
    assert (await gate(stage))["last_error"] == Own.CALL_FAILED.of(error="ConnectionRefusedError")


async def test_then_one_tries_and_its_answer_closes_it(stage: Stage, crm: RemoteCrm) -> None:
    await a_crm_that_is_down(stage, crm)
    stage.line.batch = 100
    await stage.later(seconds=6)
    crm.broken = None

    assert await stage.drain() == 1, "one record, however many are due"

    assert (await gate(stage))["open_until"] is None
    assert await happened(stage) == ["breaker_opened", "breaker_closed"]
    await stage.later(minutes=5)
    await stage.settle()
    assert (await stage.one("SELECT count(*) FROM portal.sync_state WHERE push_due_at IS NOT NULL"))["count"] == 0


async def test_while_one_tries_the_others_wait(stage: Stage, crm: RemoteCrm, monkeypatch: pytest.MonkeyPatch) -> None:
    await a_crm_that_is_down(stage, crm)
    await stage.later(seconds=6)
    others = []

    async def meanwhile(batch: object) -> list[object]:
        others.append(await stage.drain())
        raise ConnectionRefusedError

    monkeypatch.setattr(crm, "push", meanwhile)
    await stage.drain()
    assert others == [0]


async def test_a_failed_try_opens_it_for_longer(stage: Stage, crm: RemoteCrm) -> None:
    await a_crm_that_is_down(stage, crm)
    first = await gate(stage)
    for _ in range(5):
        await stage.later(minutes=6)
        await a_customer(stage.stores.worker)
        assert await stage.drain() == 1
    now = await gate(stage)
    assert (now["trips"], now["opened_at"]) == (6, first["opened_at"])
    assert (now["open_until"] - now["last_error_at"]).total_seconds() > 60
    assert (await happened(stage))[-1] == "breaker_opened"


async def test_so_it_does_though_every_record_was_tried_before(stage: Stage, crm: RemoteCrm) -> None:
    await a_crm_that_is_down(stage, crm)
    for _ in range(9):
        await stage.later(minutes=6)
        assert await stage.drain() == 1
    assert (await gate(stage))["trips"] == 10


@pytest.mark.parametrize("call", ["push", "look", "erase", "poll"])
async def test_a_break_is_kept_whatever_it_was_asked_for_at(
    own_stores: Stores, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = RemoteCrm(conditional=False)
    stage = await a_stage(own_stores, crm)
    customers = [(await a_customer(stage.stores.worker)).record.id for _ in range(3)]
    if call == "erase":
        await stage.settle()
        for customer in customers:
            await want(stage.stores.staff.database, customer, Wanted.ERASED, actor="anna")

    asked = CallFailed(Retry("REQUEST_LIMIT_EXCEEDED", 900.0))
    crm.broken, crm.deaf, crm.mute = asked, asked if call == "look" else None, asked if call == "poll" else None
    if call == "poll":
        with pytest.raises(CallFailed):
            await stage.poller.poll()
    else:
        await stage.drain()

    now = await gate(stage)
    assert now["last_error"] == "REQUEST_LIMIT_EXCEEDED"
    assert now["open_until"] is None, "it has answered"
    assert await stage.drain() == 0
    assert await stage.poller.poll() == 0
    assert crm.erasures <= 1, "nobody asks for the next one"
    crm.broken, crm.deaf, crm.mute = None, None, None
    await stage.later(seconds=890)
    assert await stage.drain() == 0
    await stage.later(seconds=20)
    assert await stage.drain() == 3


async def test_a_break_that_is_asked_for_at_a_look_is_kept_by_the_same_pass(own_stores: Stores) -> None:
    crm = RemoteCrm()
    stage = await a_stage(own_stores, crm)
    alice = (await a_customer(stage.stores.worker)).record.id
    await stage.settle()
    await stage.says(alice, {"profile/language": "de"})
    await stage.all("UPDATE portal.sync_state SET pull_due_at = now() WHERE customer_id = %s", alice)
    bob, calls = (await a_customer(stage.stores.worker)).record.id, crm.calls
    crm.deaf = CallFailed(Retry("too many calls", 900.0))

    assert await stage.drain() == 2

    assert crm.calls == calls, "nor is anybody pushed who needs no look"
    assert (await stage.state(bob))["push_due_at"] is not None


async def test_a_record_that_always_gives_it_trouble_says_nothing_about_the_crm(stage: Stage, crm: RemoteCrm) -> None:
    alice = (await a_customer(stage.stores.worker)).record.id
    crm.fail(alice, *[Fault.LOST] * 12)
    for _ in range(12):
        await stage.settle()
        await stage.later(minutes=6)
    assert (await gate(stage))["open_until"] is None
    assert (await gate(stage))["failures"] <= 1


async def test_a_crm_that_is_well_and_counts_nothing_costs_no_write(stage: Stage, crm: RemoteCrm) -> None:
    crm.meter.spent(calls=-1)  # as if this CRM counted none
    await a_customer(stage.stores.worker)
    before = await stage.one("SELECT xmin::text FROM portal.connector_gate WHERE connector = %s", stage.line.name)
    await stage.drain()
    after = await stage.one("SELECT xmin::text FROM portal.connector_gate WHERE connector = %s", stage.line.name)
    assert after == before
