"""A call that nobody awaits any more is done by the CRM in the end: what customers said last stays, and who was erased
stays away."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from portal.settings import Settings
from portal.sync.state import Wanted
from portal.sync.want import confirmations, want
from tests.conformance.subject import Subject
from tests.integration.crm.test_other_crms import alice, stage, subject
from tests.integration.sync.test_workers import environment
from tests.integration.sync_stage import Stage
from tests.standins.server import Break, Call, Fault, StandIn

__all__ = ["alice", "stage", "subject"]

LEASE = timedelta(seconds=3)


def vendor(subject: Subject) -> StandIn:
    assert subject.standin
    return subject.standin


def last_write(subject: Subject) -> Call:
    return [call for call in vendor(subject).calls if vendor(subject).writes_contacts(call)][-1]


async def test_a_write_that_lands_after_the_erasure_brings_nobody_back(
    stage: Stage, subject: Subject, alice: UUID
) -> None:
    subject.hurry()
    vendor(subject).fail(Fault(breaks=Break.HANG))
    await stage.says(alice, {"profile/language": "de"})
    await stage.drain()
    late = last_write(subject)
    await want(stage.stores.staff.database, alice, Wanted.ERASED, actor="anna", ahead=stage.line.ahead)
    await stage.later(seconds=5)
    await stage.settle()
    assert await subject.there(alice) is None
    assert [each.confirmed_at is not None for each in await confirmations(stage.line.store.database, alice)] == [True]

    await vendor(subject).land(late)
    if await subject.there(alice) is None:
        pytest.skip("this CRM writes to no contact that is gone")
    await stage.later(seconds=stage.line.connector.caps.max_execution_seconds + 1)
    await stage.settle()

    assert await subject.there(alice) is None


@pytest.mark.parametrize("subject", ["hubspot"], indirect=True)
class TestWorkers:
    """Processes, with a call under way to a CRM that writes whatever arrives."""

    @pytest.fixture
    async def worker(
        self, stage: Stage, subject: Subject, alice: UUID, own_settings: Settings
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """It has sent that one is to knock; HubSpot is at it."""
        stage.line.lease = LEASE
        vendor(subject).fail(Fault(breaks=Break.HANG))
        await stage.says(alice, {"profile/good_to_know": "Knock."})
        lease = {"SYNC_LEASE_SECONDS": str(int(LEASE.total_seconds()))}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.crm.stopped_worker",
            vendor(subject).url,
            env=environment(own_settings) | lease,
        )
        async with asyncio.timeout(60):
            while b"Knock." not in last_write(subject).body:
                await asyncio.sleep(0.02)
        yield process
        if process.returncode is None:
            process.kill()
            await process.wait()

    async def takes_over(self, stage: Stage, subject: Subject, alice: UUID) -> None:
        """Alice says something else, and when the lease has ended, another worker brings that."""
        await stage.says(alice, {"profile/good_to_know": "Ring."})
        assert await stage.drain() == 0, "the row is still the other one's"
        await asyncio.sleep(LEASE.total_seconds())
        await stage.settle()
        assert await told(subject, alice) == "Ring."

    async def test_what_a_killed_one_had_sent_is_found_when_it_has_landed(
        self, stage: Stage, subject: Subject, alice: UUID, worker: asyncio.subprocess.Process
    ) -> None:
        late = last_write(subject)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
        await self.takes_over(stage, subject, alice)

        await vendor(subject).land(late)
        assert await told(subject, alice) == "Knock."
        await stage.later(seconds=61)
        await stage.settle()

        assert await told(subject, alice) == "Ring."
        assert (await stage.record(alice)).profile["good_to_know"] == "Ring.", "and it is nobody's edit"

    async def test_what_one_had_sent_that_stood_still_is_found_whenever_it_goes_on(
        self, stage: Stage, subject: Subject, alice: UUID, worker: asyncio.subprocess.Process
    ) -> None:
        late = last_write(subject)
        worker.send_signal(signal.SIGSTOP)
        await self.takes_over(stage, subject, alice)
        await stage.later(seconds=61)
        await stage.settle()
        assert (await stage.state(alice))["verify_at"] is None, "HubSpot takes no longer than that"

        await vendor(subject).land(late)
        worker.send_signal(signal.SIGCONT)
        async with asyncio.timeout(60):
            assert await worker.wait() == 0
        await stage.settle()

        assert await told(subject, alice) == "Ring."
        assert (await stage.state(alice))["status"] == "synced"
        assert (await stage.record(alice)).profile["good_to_know"] == "Ring."


async def told(subject: Subject, customer: UUID) -> object:
    there = await subject.there(customer)
    assert there is not None
    return there.fields[subject.names["good_to_know"]]
