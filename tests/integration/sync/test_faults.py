"""A CRM that is busy, refuses, does not answer, or answers too late: what is true in the end, and what people see."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from portal.crm.port import ConsentStatus, Ref, Remote
from portal.crm.said import Own
from portal.sync import steer
from portal.sync.state import Wanted
from portal.sync.want import want
from tests.builders import a_consent, a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import Fault, RemoteCrm
from tests.integration.sync_stage import Stage, a_stage


@pytest.fixture
def crm() -> RemoteCrm:
    return RemoteCrm()


@pytest.fixture
async def stage(own_stores: Stores, crm: RemoteCrm) -> Stage:
    return await a_stage(own_stores, crm)


def language(crm: RemoteCrm, customer: UUID) -> object:
    return crm.contacts[customer].fields["language"]


async def status(stage: Stage, customer: UUID) -> tuple[str, str | None, int]:
    state = await stage.state(customer)
    return state["status"], state["last_error"], state["attempts"]


class TestRetry:
    async def test_a_busy_crm_is_asked_again_when_it_said(self, stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
        crm.fail(alice, Fault.BUSY)
        await stage.says(alice, {"profile/language": "de"})

        await stage.settle()

        assert await status(stage, alice) == ("retrying", "too many requests", 1)
        assert 5 < await stage.due_in(alice, "push_due_at") < 8
        await stage.later(seconds=8)
        await stage.settle()
        assert await status(stage, alice) == ("synced", None, 0)
        assert language(crm, alice) == "de"

    async def test_an_edit_meanwhile_does_not_hurry_it_and_goes_along(
        self, stage: Stage, crm: RemoteCrm, alice: UUID
    ) -> None:
        crm.fail(alice, Fault.BUSY)
        await stage.says(alice, {"profile/language": "de"})
        await stage.settle()
        await stage.says(alice, {"profile/language": "fr"})
        assert await stage.settle() == 0
        await stage.later(seconds=8)
        await stage.settle()
        assert language(crm, alice) == "fr"


class TestReject:
    async def test_what_is_refused_is_parked_in_the_crms_own_words(
        self, stage: Stage, crm: RemoteCrm, alice: UUID
    ) -> None:
        crm.fail(alice, Fault.REFUSED)
        await stage.says(alice, {"profile/language": "de"})

        await stage.settle()
        calls = crm.calls
        await stage.later(days=1)
        await stage.settle()

        assert await status(stage, alice) == ("parked", "FIELD_INTEGRITY: bad value", 1)
        assert crm.calls == calls, "the same is not tried again"
        assert [d.behind for d in (await stage.stored(alice)).deliveries] == [True], "and nobody says it was delivered"

    async def test_a_new_change_is_tried(self, stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
        crm.fail(alice, Fault.REFUSED)
        await stage.says(alice, {"profile/language": "de"})
        await stage.settle()
        await stage.says(alice, {"profile/language": "fr"})
        await stage.settle()
        assert await status(stage, alice) == ("synced", None, 0)
        assert language(crm, alice) == "fr"

    async def test_the_rest_of_the_batch_is_applied(self, stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
        others = [(await a_customer(stage.stores.worker)).record.id for _ in range(9)]
        crm.fail(alice, Fault.REFUSED)
        await stage.says(alice, {"profile/language": "de"})

        await stage.settle()

        assert [(await stage.state(other))["status"] for other in others] == ["synced"] * 9
        assert (await stage.state(alice))["status"] == "parked"


class TestAmbiguous:
    @pytest.mark.parametrize("fault", [Fault.LOST, Fault.UNANSWERED])
    async def test_a_first_push_without_an_answer_creates_one_contact(
        self, stage: Stage, crm: RemoteCrm, fault: Fault
    ) -> None:
        alice = (await a_customer(stage.stores.worker, language="en")).record.id
        crm.fail(alice, fault)

        await stage.settle()
        assert await status(stage, alice) == (
            "verifying",
            "connection reset" if fault is Fault.LOST else "no answer",
            1,
        )
        await stage.later(seconds=5)
        await stage.settle()

        assert await status(stage, alice) == ("synced", None, 0)
        assert language(crm, alice) == "en"
        assert len(crm.contacts[alice].timeline) == 1

    async def test_nothing_is_pushed_on_top_before_it_is_read_back(
        self, stage: Stage, crm: RemoteCrm, alice: UUID
    ) -> None:
        crm.fail(alice, Fault.LOST)
        await stage.says(alice, {"profile/language": "de"})
        await stage.drain()
        calls = crm.calls
        await stage.says(alice, {"profile/language": "fr"})
        await stage.settle()
        assert crm.calls == calls

    async def test_a_customer_who_changes_back_meanwhile_is_not_overruled_by_their_own_echo(
        self, stage: Stage, crm: RemoteCrm, alice: UUID
    ) -> None:
        crm.fail(alice, Fault.UNANSWERED)
        await stage.says(alice, {"profile/language": "de"})
        await stage.drain()
        await stage.says(alice, {"profile/language": "en"})

        await stage.later(seconds=5)
        await stage.settle()

        assert (await stage.record(alice)).profile["language"] == "en"
        assert (await stage.record(alice)).seq == 3, "and nothing is taken for an agent's edit"
        assert language(crm, alice) == "en"

    async def test_an_edit_there_after_a_push_without_an_answer_is_told_from_it(
        self, stage: Stage, crm: RemoteCrm, alice: UUID
    ) -> None:
        crm.fail(alice, Fault.UNANSWERED)
        await stage.says(alice, {"profile/language": "de"})
        await stage.drain()
        crm.edit(alice, {"account_tier": "business"})

        await stage.later(seconds=5)
        await stage.settle()

        record = await stage.record(alice)
        assert (record.profile["language"], record.profile["account_tier"]) == ("de", "business")
        assert record.said["account_tier"].via == "crm:embedded"
        assert record.said["language"].actor_kind == "customer"

    async def test_a_crm_that_does_not_answer_in_time_is_not_waited_for(
        self, stage: Stage, crm: RemoteCrm, alice: UUID
    ) -> None:
        stage.line.lease = timedelta(seconds=1)
        crm.hang = True
        await stage.says(alice, {"profile/language": "de"})

        await stage.drain()

        assert await status(stage, alice) == ("verifying", "no answer in time", 1)
        crm.hang = False
        await stage.later(seconds=5)
        await stage.settle()
        assert await status(stage, alice) == ("synced", None, 0)
        assert len(crm.contacts[alice].timeline) == 2

    @pytest.mark.parametrize("trouble", [ConnectionResetError("gone"), ValueError("what?")])
    async def test_an_error_of_any_kind_is_read_back(
        self, stage: Stage, crm: RemoteCrm, alice: UUID, trouble: Exception
    ) -> None:
        crm.broken = trouble
        await stage.says(alice, {"profile/language": "de"})
        await stage.drain()
        assert await status(stage, alice) == ("verifying", Own.CALL_FAILED.of(error=type(trouble).__name__), 1)
        crm.broken = None
        await stage.later(seconds=5)
        await stage.settle()
        assert language(crm, alice) == "de"

    async def test_a_crm_that_cannot_be_read_is_not_written_blindly(
        self, stage: Stage, crm: RemoteCrm, alice: UUID
    ) -> None:
        crm.fail(alice, Fault.LOST)
        await stage.says(alice, {"profile/language": "de"})
        await stage.drain()
        crm.deaf, calls = ConnectionRefusedError(), crm.calls
        for _ in range(3):
            await stage.later(minutes=1)
            await stage.settle()
        assert crm.calls == calls
        assert await status(stage, alice) == ("verifying", "could not be read", 4)
        crm.deaf = None
        await stage.later(minutes=1)
        await stage.settle()
        assert language(crm, alice) == "de"


class TestLate:
    async def test_a_crm_that_keeps_the_fence_refuses_what_comes_late(
        self, stage: Stage, crm: RemoteCrm, alice: UUID
    ) -> None:
        crm.fail(alice, Fault.LATE)
        await stage.says(alice, {"profile/language": "de"})
        await stage.drain()
        await stage.says(alice, {"profile/language": "fr"})
        await stage.later(seconds=5)
        await stage.settle()

        crm.land()
        await stage.settle()

        assert language(crm, alice) == "fr"
        assert (await stage.record(alice)).profile["language"] == "fr"

    async def test_with_any_other_one_it_is_looked_once_more_when_nothing_can_come_any_more(
        self, own_stores: Stores
    ) -> None:
        crm = RemoteCrm(conditional=False)
        stage = await a_stage(own_stores, crm)
        alice = (await a_customer(stage.stores.worker, language="en")).record.id
        await stage.settle()
        crm.fail(alice, Fault.LATE)
        await stage.says(alice, {"profile/language": "de"})
        await stage.drain()
        await stage.says(alice, {"profile/language": "fr"})
        await stage.later(seconds=5)
        await stage.drain()
        assert language(crm, alice) == "fr"
        assert 50 < await stage.due_in(alice, "verify_at") < 70

        crm.land()
        assert language(crm, alice) == "de", "the last to arrive wins there"
        await stage.later(seconds=61)
        await stage.settle()

        assert language(crm, alice) == "fr"
        assert (await stage.record(alice)).profile["language"] == "fr", "what came late is nobody's edit"
        assert (await stage.record(alice)).seq == 3

    @pytest.mark.parametrize("retried", [False, True], ids=["taken_up", "still_pushing"])
    async def test_so_it_is_when_the_one_read_back_had_to_be_pushed_twice(
        self, own_stores: Stores, retried: bool
    ) -> None:
        crm = RemoteCrm(conditional=False)
        stage = await a_stage(own_stores, crm)
        alice = (await a_customer(stage.stores.worker, language="en")).record.id
        await stage.settle()
        crm.fail(alice, Fault.LATE, Fault.BUSY if retried else Fault.UNANSWERED)
        await stage.says(alice, {"profile/language": "de"})
        await stage.drain()
        await stage.says(alice, {"profile/language": "fr"})
        for _ in range(3):
            await stage.later(seconds=8)
            await stage.settle()
        assert language(crm, alice) == "fr"

        crm.land()
        crm.hush()
        await stage.later(seconds=61)
        await stage.settle()
        assert language(crm, alice) == "fr"

    async def test_a_look_in_between_for_another_reason_does_not_stand_for_it(self, own_stores: Stores) -> None:
        crm = RemoteCrm(conditional=False)
        stage = await a_stage(own_stores, crm)
        alice = (await a_customer(stage.stores.worker, language="en")).record.id
        await stage.settle()
        crm.fail(alice, Fault.LATE)
        await stage.says(alice, {"profile/language": "de"})
        await stage.drain()
        await stage.says(alice, {"profile/language": "fr"})
        await stage.later(seconds=5)
        await stage.settle()
        crm.edit(alice, {"account_tier": "business"})
        await stage.settle()

        crm.land()
        crm.hush()
        await stage.later(seconds=61)
        await stage.settle()
        assert language(crm, alice) == "fr"


@pytest.mark.parametrize("fault", [Fault.UNANSWERED, Fault.LATE], ids=["was written", "is still on its way"])
async def test_who_is_parked_by_hand_is_still_looked_at_once_nothing_can_land(own_stores: Stores, fault: Fault) -> None:
    """Whether the CRM has the record after all; and nothing is written to it."""
    crm = RemoteCrm(conditional=False)
    stage = await a_stage(own_stores, crm)
    alice = (await a_customer(stage.stores.worker, language="en")).record.id
    await stage.settle()
    crm.fail(alice, fault)
    await stage.says(alice, {"profile/language": "de"})
    await stage.drain()
    assert (await status(stage, alice))[0] == "verifying"
    crm.hush()

    staff, name = stage.stores.staff.database, stage.line.name
    parked = await steer.park(staff, name, alice, "Wrong.", actor="cli", ahead=stage.line.ahead)
    assert parked and await status(stage, alice) == ("parked", "Wrong.", 0)
    await stage.later(seconds=300)
    await stage.settle()
    assert await status(stage, alice) == ("parked", "Wrong.", 0), "a call may still land"
    crm.land()
    crm.hush()
    await stage.later(seconds=301)
    await stage.settle()

    assert (await status(stage, alice))[0] == "synced"
    assert (language(crm, alice), crm.contacts[alice].seq) == ("de", 2)


class TestLeases:
    """Of workers that died, or stood still for longer than their lease, with a call under way."""

    @pytest.fixture
    def crm(self) -> RemoteCrm:
        return RemoteCrm(conditional=False)

    async def test_what_a_dead_worker_had_sent_may_land_after_its_successors_push(
        self, stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await stage.says(alice, {"profile/language": "de"})

        async def dies() -> None:
            raise Died

        crm.fail(alice, Fault.LATE)
        after(crm, "push", dies, monkeypatch)
        with pytest.raises(Died):
            await stage.drain()
        await stage.says(alice, {"profile/language": "fr"})
        await stage.later(seconds=31)
        await stage.drain()
        assert language(crm, alice) == "fr"
        assert (await stage.state(alice))["verify_at"] is not None, "the CRM may still be at it"

        crm.land()
        crm.hush()
        await stage.later(seconds=61)
        await stage.settle()

        assert language(crm, alice) == "fr"
        assert await status(stage, alice) == ("synced", None, 0)
        assert (await stage.record(alice)).seq == 3, "what came late is nobody's edit"

    @pytest.mark.parametrize("by_hand", ["parked", "skipped"])
    async def test_one_that_died_while_it_only_read_changes_nothing_that_a_person_decided(
        self, stage: Stage, crm: RemoteCrm, alice: UUID, by_hand: str
    ) -> None:
        await stage.says(alice, {"profile/language": "de"})
        await stage.all(
            "UPDATE portal.sync_state SET status = %s, last_error = 'Wrong.', push_due_at = NULL, pull_due_at = NULL, "
            "verify_at = clock_timestamp() WHERE customer_id = %s",
            by_hand, alice,
        )  # fmt: skip

        async def dies() -> None:
            raise Died

        with pytest.MonkeyPatch.context() as patch:
            after(crm, "fetch", dies, patch)
            with pytest.raises(Died):
                await stage.drain()
        await stage.later(seconds=31)
        await stage.settle()

        assert await status(stage, alice) == (by_hand, "Wrong.", 0)
        assert language(crm, alice) != "de"

    async def test_one_that_stood_still_writes_last_and_it_is_found(
        self, stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await stage.says(alice, {"profile/language": "de"})

        async def meanwhile() -> None:
            """Its lease ends, and another worker delivers more; the CRM can take nothing of the first any more."""
            await stage.says(alice, {"profile/language": "fr"})
            await stage.later(seconds=31)
            await stage.settle()
            await stage.later(seconds=61)
            await stage.settle()

        during(crm, "push", meanwhile, monkeypatch)
        await stage.drain()
        crm.hush()
        assert language(crm, alice) == "de"

        await stage.settle()
        assert language(crm, alice) == "fr"

    async def test_so_it_is_if_the_successor_still_holds_the_row(
        self, stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await stage.says(alice, {"profile/language": "de"})
        push, under_way = crm.push, asyncio.Event()
        answers, awaits = asyncio.Event(), asyncio.Event()

        async def successors(batch: Sequence[Any]) -> Any:
            """It has sent its call, and waits for the answer."""
            outcomes = await push(batch)
            under_way.set()
            await answers.wait()
            return outcomes

        async def first(batch: Sequence[Any]) -> Any:
            monkeypatch.setattr(crm, "push", successors)
            awaits.set()
            await under_way.wait()
            return await push(batch)

        monkeypatch.setattr(crm, "push", first)
        stopped = asyncio.create_task(stage.drain())
        await awaits.wait()
        await stage.says(alice, {"profile/language": "fr"})
        await stage.later(seconds=31)
        successor = asyncio.create_task(stage.drain())
        await stopped
        answers.set()
        await successor
        crm.hush()
        assert language(crm, alice) == "de"

        await stage.later(seconds=61)
        await stage.settle()
        assert language(crm, alice) == "fr"

    async def test_who_was_erased_meanwhile_is_erased_again(
        self, stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await stage.says(alice, {"profile/language": "de"})

        async def meanwhile() -> None:
            await want(stage.stores.staff.database, alice, Wanted.ERASED, actor="anna", ahead=stage.line.ahead)
            await stage.later(seconds=31)
            await stage.settle()
            await stage.later(seconds=61)
            await stage.settle()
            assert alice not in crm.contacts

        crm.fail(alice, Fault.LATE)
        after(crm, "push", meanwhile, monkeypatch)
        await stage.drain()
        crm.land()
        crm.hush()
        assert alice in crm.contacts

        await stage.settle()
        assert alice not in crm.contacts
        assert (await stage.state(alice))["status"] == "erased"


class Died(BaseException):
    """A worker's process is gone."""


class TestTheRest:
    async def test_a_feed_that_tells_our_own_pushes_too_starts_no_ping_pong(
        self, stage: Stage, crm: RemoteCrm, alice: UUID
    ) -> None:
        calls = crm.calls
        await stage.says(alice, {"profile/language": "de"})
        await stage.settle()
        assert crm.calls == calls + 1
        crm.edit(alice, {"language": "fr"})
        await stage.settle()
        assert crm.calls == calls + 2
        assert (await stage.record(alice)).seq == 3
        assert (await stage.record(alice)).profile["language"] == "fr"

    async def test_a_consent_withdrawn_there_is_withdrawn_here(self, own_stores: Stores) -> None:
        crm = RemoteCrm(holds_consents=True)
        stage, alice = await agreed(own_stores, crm)

        crm.says(alice, "offers", "phone", ConsentStatus.OPT_OUT)
        await stage.settle()

        stored = await stage.stored(alice)
        consent = stored.record.consent("offers", "phone")
        assert consent is not None
        assert (consent.status, consent.capture_source) == (ConsentStatus.OPT_OUT, "crm:embedded")
        assert (stored.recent[0].entry.action, stored.recent[0].entry.actor.kind) == ("consent:changed", "system")

    async def test_where_both_said_something_the_stricter_word_stands_on_both_sides(self, own_stores: Stores) -> None:
        crm = RemoteCrm(holds_consents=True)
        stage, alice = await agreed(own_stores, crm, status="not_seen")

        await stage.says(alice, a_consent("offers", "phone", "opt_out"), action="consent:withdrawn")
        crm.says(alice, "offers", "phone", ConsentStatus.OPT_IN)
        await stage.settle()

        consent = (await stage.record(alice)).consent("offers", "phone")
        assert consent is not None
        assert consent.status is ConsentStatus.OPT_OUT
        assert crm.contacts[alice].consents["offers", "phone"] is ConsentStatus.OPT_OUT

    async def test_a_crm_that_knows_a_later_version_than_the_portal_is_not_written(
        self, stage: Stage, crm: RemoteCrm, alice: UUID
    ) -> None:
        crm.contacts[alice].seq = 40
        await stage.says(alice, {"profile/language": "de"})
        await stage.settle()
        parked = await stage.state(alice)
        assert parked["status"] == "parked"
        assert "was a backup restored?" in parked["last_error"]

    async def test_what_a_worker_finds_out_after_its_lease_counts_no_more(
        self, stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await stage.says(alice, {"profile/language": "de"})
        others = []

        async def meanwhile() -> None:
            """Another worker takes the row over and delivers more, while this one waits for its answer."""
            await stage.says(alice, {"profile/language": "fr"})
            await stage.later(seconds=31)
            assert await stage.drain() == 1
            others.append(await stage.state(alice))

        during(crm, "push", meanwhile, monkeypatch)
        await stage.drain()

        assert (others[0]["status"], others[0]["synced_seq"], others[0]["lease"]) == ("synced", 3, None)
        state = await stage.state(alice)
        kept = ("synced_seq", "timeline_seq", "base", "remote_etag", "lease", "push_due_at")
        assert [state[name] for name in kept] == [others[0][name] for name in kept]
        assert len(crm.contacts[alice].timeline) == 3

        await stage.settle()
        assert await status(stage, alice) == ("synced", None, 0), "but that it wrote at all has to be looked at"

    async def test_an_edit_while_the_crm_is_written_is_written_next(
        self, stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await stage.says(alice, {"profile/language": "de"})

        async def meanwhile() -> None:
            await stage.says(alice, {"profile/language": "fr"})

        during(crm, "push", meanwhile, monkeypatch)
        await stage.drain()
        assert language(crm, alice) == "de"

        assert await stage.drain() == 1
        assert language(crm, alice) == "fr"

    async def test_a_customer_who_changes_what_is_just_being_brought_in_is_not_overruled(
        self, stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crm.edit(alice, {"language": "fr"})
        await stage.poller.poll()

        async def meanwhile() -> None:
            await stage.says(alice, {"profile/language": "de"})

        during(crm, "fetch", meanwhile, monkeypatch)
        await stage.drain()
        assert (await stage.record(alice)).profile["language"] == "de"
        assert (await stage.state(alice))["pull_due_at"] is not None, "it is compared anew"

        await stage.settle()
        assert (await stage.record(alice)).profile["language"] == "de"
        assert language(crm, alice) == "de"

    async def test_an_edit_while_an_earlier_one_is_brought_in_is_brought_in_next(
        self, stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        crm.edit(alice, {"account_tier": "business"})
        await stage.poller.poll()
        fetch = crm.fetch

        async def then_edited(refs: Sequence[Ref]) -> Sequence[Remote]:
            monkeypatch.setattr(crm, "fetch", fetch)
            found = await fetch(refs)
            crm.edit(alice, {"account_tier": "home_plus"})
            await stage.poller.poll()
            return found

        monkeypatch.setattr(crm, "fetch", then_edited)
        await stage.drain()
        assert (await stage.record(alice)).profile["account_tier"] == "business"

        await stage.drain()
        assert (await stage.record(alice)).profile["account_tier"] == "home_plus"


def after(
    crm: RemoteCrm, call: str, afterwards: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let something happen when the next call has taken effect, and before it is known of."""
    real = getattr(crm, call)

    async def unheard(batch: Sequence[Any]) -> Any:
        monkeypatch.setattr(crm, call, real)
        found = await real(batch)
        await afterwards()
        return found

    monkeypatch.setattr(crm, call, unheard)


def during(
    crm: RemoteCrm, call: str, meanwhile: Callable[[], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let something happen while the next call is under way, before it takes effect."""
    real = getattr(crm, call)

    async def slow(batch: Sequence[Any]) -> Any:
        monkeypatch.setattr(crm, call, real)
        await meanwhile()
        return await real(batch)

    monkeypatch.setattr(crm, call, slow)


async def agreed(stores: Stores, crm: RemoteCrm, *, status: str = "opt_in") -> tuple[Stage, UUID]:
    stage = await a_stage(stores, crm)
    alice = (await a_customer(stores.worker)).record.id
    await stage.says(alice, a_consent("offers", "phone", status), action="consent:given")
    await stage.settle()
    return stage, alice
