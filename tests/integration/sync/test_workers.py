"""Any number of workers, each of which may be killed at any moment."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest

from portal.crm.embedded import EmbeddedCrm
from portal.record.flat import flatten
from portal.settings import Settings
from portal.sync.lease import claim
from portal.sync.poll import Poller
from portal.sync.worker import run
from portal.worker import work
from tests.builders import a_customer
from tests.conftest import KEY, PASSWORD, Stores
from tests.integration.sync_stage import Stage, a_stage

SECONDS = 60.0


@asynccontextmanager
async def workers(settings: Settings, number: int) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(number):
            tasks.create_task(work(settings, stop))
        try:
            yield stop
        finally:
            stop.set()


async def until_synced(stage: Stage, customers: list[UUID]) -> None:
    async with asyncio.timeout(SECONDS):
        while (
            await stage.one(
                "SELECT count(*) FROM portal.sync_state WHERE customer_id = ANY(%s) AND (synced_seq < desired_seq"
                " OR push_due_at IS NOT NULL OR pull_due_at IS NOT NULL OR lease IS NOT NULL)",
                customers,
            )
        )["count"]:
            await asyncio.sleep(0.05)


async def until_the_feed_is_read(stage: Stage) -> None:
    unread = "SELECT contacts FROM portal.connector, crm.changes_v1(cursor, 1)"
    async with asyncio.timeout(SECONDS):
        while (await stage.one(unread))["contacts"]:
            await asyncio.sleep(0.05)


async def timeline(stage: Stage, customers: list[UUID]) -> Counter[tuple[UUID, int]]:
    rows = await stage.all(
        "SELECT c.portal_id, a.seq FROM crm.activity a JOIN crm.contact c ON c.id = a.contact_id"
        " WHERE c.portal_id = ANY(%s)",
        customers,
    )
    return Counter((row["portal_id"], row["seq"]) for row in rows)


async def test_four_workers_bring_each_change_of_two_hundred_customers_into_the_timeline_once(
    stage: Stage, own_settings: Settings
) -> None:
    stage.line.batch = 20
    customers = [(await a_customer(stage.stores.worker)).record.id for _ in range(200)]
    async with workers(own_settings, 4):
        for name in ("Al", "Ali"):
            for customer in customers:
                await stage.says(customer, {"profile/call_me": name})
        await until_synced(stage, customers)

    expected = Counter((customer, seq) for customer in customers for seq in (1, 2, 3))
    assert await timeline(stage, customers) == expected
    contacts = await stage.all("SELECT fields FROM crm.contact WHERE portal_id = ANY(%s)", customers)
    assert [contact["fields"]["preferred_name"] for contact in contacts] == ["Ali"] * 200
    delivered = await stage.all(
        "SELECT max(through_seq) AS seq FROM portal.delivery WHERE customer_id = ANY(%s) GROUP BY customer_id",
        customers,
    )
    assert [row["seq"] for row in delivered] == [3] * 200


async def test_workers_that_claim_at_once_claim_different_rows(stage: Stage) -> None:
    customers = {(await a_customer(stage.stores.worker)).record.id for _ in range(40)}
    stage.line.batch = 10

    claimed = await asyncio.gather(*(claim(stage.line, uuid4()) for _ in range(6)))

    taken = [row.customer_id for rows in claimed for row in rows]
    assert len(taken) == len(set(taken))
    left = await claim(stage.line, uuid4()), await claim(stage.line, uuid4())
    assert {*taken, *(row.customer_id for rows in left for row in rows)} == customers


async def test_agents_and_customers_at_once_come_to_rest_with_both_sides_equal(
    stage: Stage, own_settings: Settings
) -> None:
    customers = [(await a_customer(stage.stores.worker, account_tier="home")).record.id for _ in range(20)]
    await stage.settle()
    await stage.poller.release()

    async def customer_edits() -> None:
        for number in range(3):
            for customer in customers:
                pronouns = ("she", "they", "she")[number]
                await stage.says(customer, {"profile/call_me": f"Al {number}", "profile/pronouns": pronouns})

    async def agent_edits() -> None:
        for tier in ("home_plus", "business", "home"):
            for customer in customers:
                await stage.edits(customer, {"account_tier": tier})

    async with workers(own_settings, 3):
        await asyncio.gather(customer_edits(), agent_edits())
        await until_the_feed_is_read(stage)
        await until_synced(stage, customers)

    for customer in customers:
        record, card = await stage.record(customer), await stage.sees(customer)
        assert flatten(card.record) == flatten(record)
        assert (record.profile["account_tier"], record.profile["call_me"]) == ("home", "Al 2")
        entries = await timeline(stage, [customer])
        assert entries == Counter((customer, seq) for seq in range(1, record.seq + 1))


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_worker_killed_beside_its_write_to_the_crm_loses_nothing_and_doubles_nothing(
    stage: Stage, own_settings: Settings, moment: str
) -> None:
    customers = [(await a_customer(stage.stores.worker)).record.id for _ in range(20)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.sync.stalling_worker",
        moment,
        env=environment(own_settings),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    async with asyncio.timeout(SECONDS):
        assert await process.stdout.readline() == b"stalled\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()

    written = {customer for customer, _seq in await timeline(stage, customers)}
    assert len(written) == (20 if moment == "after" else 0)
    held = "SELECT count(lease) FROM portal.sync_state WHERE customer_id = ANY(%s)"
    assert (await stage.one(held, customers))["count"] == 20
    assert await stage.drain() == 0, "what it held is its own until its lease ends"

    await stage.says(customers[0], {"profile/language": "de"})
    await stage.later(seconds=31)
    await stage.settle()

    expected = Counter((customer, 1) for customer in customers) + Counter([(customers[0], 2)])
    assert await timeline(stage, customers) == expected
    contacts = await stage.one("SELECT count(*) FROM crm.contact WHERE portal_id = ANY(%s)", customers)
    assert contacts["count"] == 20
    assert {(await stage.state(customer))["status"] for customer in customers} == {"synced"}
    assert (await stage.record(customers[0])).profile["language"] == "de"
    assert (await stage.record(customers[0])).seq == 2, "its own push is not taken for an agent's edit"


def environment(settings: Settings) -> dict[str, str]:
    """The settings of this stage, for another process."""
    return {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "development",
        "DATABASE_URL": settings.database_url,
        "DATABASE_WORKER_PASSWORD": PASSWORD,
        "KEY_ENCRYPTION_KEY": KEY,
    }


async def test_a_worker_is_seen_while_it_works_and_gone_when_it_was_stopped(
    stage: Stage, own_settings: Settings
) -> None:
    seen = "SELECT count(*) FROM portal.worker WHERE seen_at > clock_timestamp() - interval '10 seconds'"
    polling = "SELECT count(poller) FROM portal.connector"
    async with workers(own_settings, 1):
        async with asyncio.timeout(SECONDS):
            while not ((await stage.one(seen))["count"] and (await stage.one(polling))["count"]):
                await asyncio.sleep(0.02)

    assert (await stage.one("SELECT count(*) FROM portal.worker"))["count"] == 0
    assert (await stage.one(polling))["count"] == 0, "another one may read the feed at once"


async def test_a_worker_that_is_stopped_ends_its_batch_and_holds_nothing(own_stores: Stores) -> None:
    stop, started = asyncio.Event(), asyncio.Event()
    crm = EmbeddedCrm(own_stores.worker.database)
    stage = await a_stage(own_stores, crm)
    customers = [(await a_customer(own_stores.worker)).record.id for _ in range(5)]
    push = crm.push

    async def slowly(batch):  # type: ignore[no-untyped-def]
        started.set()
        await asyncio.sleep(0.3)
        return await push(batch)

    crm.push = slowly  # type: ignore[method-assign]
    worker = asyncio.create_task(run([stage.line], stop, idle=0.05))
    await started.wait()
    stop.set()
    async with asyncio.timeout(5):
        await worker

    held = await stage.one(
        "SELECT count(lease), min(synced_seq) FROM portal.sync_state WHERE customer_id = ANY(%s)", customers
    )
    assert (held["count"], held["min"]) == (0, 1)


async def test_a_feed_is_read_by_one_worker_at_a_time_and_by_another_when_that_one_is_gone(
    stage: Stage, alice: UUID
) -> None:
    first, second = stage.poller, Poller(stage.line, uuid4())
    await first.poll()
    await stage.edits(alice, {"account_tier": "business"})

    assert await second.poll() == 0, "the first one holds the feed"
    await stage.later(seconds=11)
    assert await second.poll() == 1, "it has not been heard of"
    await second.release()
    first.held_until = 0
    assert await first.poll() == 0, "the cursor is known to all"
