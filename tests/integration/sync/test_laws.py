"""The laws of the sync, tried by Hypothesis: customers, agents, a bad line, dying workers and a clock, in any order.

1. At rest both sides say the same, or the record is parked, which people see.
2. A consent is never looser than either side said last, unless the person has seen the other side's word and decided.
3. Nothing goes to and fro.
4. Each change record is in the timeline once, and in order.

A failure prints the steps; `pytest --hypothesis-seed=N` replays a run.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from portal import clock
from portal.audit.values import Value
from portal.crm.port import ConsentStatus
from portal.sync.base import unseal_base
from portal.sync.lease import claim
from portal.sync.merge import STRICTNESS
from portal.sync.resync import begin_resync, resync
from portal.sync.steer import retry
from portal.sync.sweep import sweep
from tests.builders import a_consent, a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import Fault, RemoteCrm
from tests.integration.sync_stage import Stage, a_stage

CUSTOMERS = 3
WHO = st.integers(0, CUSTOMERS - 1)
LANGUAGES = st.sampled_from(["en", "de", "fr"])
TIERS = st.sampled_from(["home", "home_plus", "business"])
WORDS = st.sampled_from([ConsentStatus.OPT_IN, ConsentStatus.OPT_OUT])
OFFERS = ("offers", "phone")


@pytest.fixture
async def loop(own_stores: Stores) -> asyncio.AbstractEventLoop:
    """The loop that the pools belong to. It does not run while a test that is no coroutine does."""
    return asyncio.get_running_loop()


def test_the_laws_hold(own_stores: Stores, loop: asyncio.AbstractEventLoop) -> None:
    try_out(own_stores, loop, examples=12, steps=40)


@pytest.mark.slow
def test_the_laws_hold_for_long(own_stores: Stores, loop: asyncio.AbstractEventLoop) -> None:
    try_out(own_stores, loop, examples=40, steps=80)


def try_out(stores: Stores, loop: asyncio.AbstractEventLoop, *, examples: int, steps: int) -> None:
    class Company(Machine):
        def __init__(self) -> None:
            super().__init__(stores, loop)

    calm = list(HealthCheck)  # the machine's slowness says nothing here
    run_state_machine_as_test(
        Company,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=calm, database=None
        ),
    )


class Died(BaseException):
    """No `except Exception` keeps a worker from it."""


class Machine(RuleBasedStateMachine):
    """Some customers, their contacts, and whoever acts on either side."""

    def __init__(self, stores: Stores, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.stores, self.loop = stores, loop
        self.crm = RemoteCrm(holds_consents=True)
        # What either side has said about offers by phone and the other has not seen yet.
        self.portal_said: dict[UUID, ConsentStatus] = {}
        self.crm_said: dict[UUID, ConsentStatus] = {}

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(step)

    @initialize()
    def opens(self) -> None:
        async def begin() -> tuple[Stage, list[UUID]]:
            stage = await a_stage(self.stores, self.crm, batch=2)
            # Nobody from an earlier run takes part: their contacts were in another CRM.
            await stage.all("UPDATE portal.sync_state SET wanted = 'erased', status = 'erased'")
            customers = [(await a_customer(self.stores.worker, language="en")).record.id for _ in range(CUSTOMERS)]
            await stage.settle()
            return stage, customers

        self.stage, self.customers = self.run(begin())

    # What people do

    @rule(who=WHO, language=LANGUAGES)
    def customer_changes_a_preference(self, who: int, language: str) -> None:
        self.run(self._says(self.customers[who], "profile/language", language))

    @rule(who=WHO, word=WORDS)
    def customer_decides(self, who: int, word: ConsentStatus) -> None:
        self.run(self._decides(self.customers[who], word))

    @rule(who=WHO, tier=TIERS)
    def agent_edits_their_own_field(self, who: int, tier: str) -> None:
        self.crm.edit(self.customers[who], {"account_tier": tier})

    @rule(who=WHO, language=LANGUAGES)
    def agent_edits_a_shared_field(self, who: int, language: str) -> None:
        self.crm.edit(self.customers[who], {"language": language})

    @rule(who=WHO, word=WORDS)
    def agent_notes_a_consent(self, who: int, word: ConsentStatus) -> None:
        customer = self.customers[who]
        self.crm.says(customer, *OFFERS, word)
        # Whoever puts back what both had agreed on has taken their own word back.
        if self.run(self._agreed(customer)) == word:
            self.crm_said.pop(customer, None)
        else:
            self.crm_said[customer] = word

    # What happens to them

    @rule(who=WHO, fault=st.sampled_from(list(Fault)))
    def the_line_fails(self, who: int, fault: Fault) -> None:
        self.crm.fail(self.customers[who], fault)

    @rule()
    def what_was_late_lands(self) -> None:
        self.crm.land()

    @rule()
    def the_crm_cannot_be_read(self) -> None:
        self.crm.deaf = ConnectionResetError()

    @rule()
    def the_crm_can_be_read_again(self) -> None:
        self.crm.deaf = None

    @rule(seconds=st.sampled_from([0.5, 3.0, 31.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(self.stage.later(seconds=seconds))

    @rule()
    def a_worker_works(self) -> None:
        self.run(self._work())

    @rule()
    def a_worker_dies_with_what_it_has_claimed(self) -> None:
        self.run(claim(self.stage.line, clock.uuid7()))

    @rule()
    def a_worker_dies_before_it_writes_down_what_it_did(self) -> None:
        async def dies(*_: object) -> int:
            raise Died

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("portal.sync.drain.complete", dies)
            self.run(self._quietly())

    @rule()
    def everything_is_compared_anew(self) -> None:
        async def whole() -> None:
            await begin_resync(self.stage.line.store.database, self.stage.line.name, actor="operator")
            await resync(self.stage.line)

        self.run(whole())

    @rule()
    def drift_is_looked_for(self) -> None:
        if self.crm.deaf is None:
            self.run(sweep(self.stage.line, size=100, grace=0))

    @invariant()
    def a_timeline_has_each_change_once(self) -> None:
        for contact in self.crm.contacts.values():
            assert len(contact.timeline) == len(set(contact.timeline))

    def teardown(self) -> None:
        if hasattr(self, "stage"):
            self.run(self._rest())

    # And in the end

    async def _rest(self) -> None:
        stage = self.stage
        self.crm.faults.clear()
        self.crm.deaf = None
        for _ in range(4):
            await stage.later(minutes=6)
            self.crm.land()
            await resync(stage.line)
            await retry(stage.line.store.database, stage.line.name, None, actor="operator", ahead=stage.line.ahead)
            await stage.settle()
        for customer in self.customers:
            await self._equal(customer)
        calls, versions = self.crm.calls, [(await stage.record(customer)).seq for customer in self.customers]
        await stage.later(days=1)
        await stage.settle()
        assert self.crm.calls == calls, "nothing goes to and fro"
        assert [(await stage.record(customer)).seq for customer in self.customers] == versions

    async def _equal(self, customer: UUID) -> None:
        record, contact, state = (
            await self.stage.record(customer),
            self.crm.contacts[customer],
            await self.stage.state(customer),
        )
        assert (state["status"], state["last_error"]) == ("synced", None)
        ours = {name: record.profile.get(key) for key, name in self.stage.line.names.items()}
        assert {name: contact.fields.get(name) for name in ours} == ours
        consent = record.consent(*OFFERS)
        assert contact.consents.get(OFFERS) == (consent.status if consent else None)
        assert (state["synced_seq"], contact.seq) == (record.seq, record.seq)
        chain = (await self.stage.stored(customer)).chain
        assert contact.timeline == [f"{chain}/{seq}" for seq in range(1, record.seq + 1)]
        self._strict_enough(customer, consent.status if consent else None)

    def _strict_enough(self, customer: UUID, status: ConsentStatus | None) -> None:
        for said in (self.portal_said, self.crm_said):
            if customer in said:
                assert STRICTNESS.index(status) >= STRICTNESS.index(said[customer]), "looser than somebody said last"

    async def _says(self, customer: UUID, path: str, value: Value) -> None:
        if (await self.stage.record(customer)).profile.get(path.partition("/")[2]) != value:
            await self.stage.says(customer, {path: value})

    async def _decides(self, customer: UUID, word: ConsentStatus) -> None:
        """Whoever decides sees what the record says; what came from the CRM is overruled knowingly."""
        consent = (await self.stage.record(customer)).consent(*OFFERS)
        if consent and consent.status is word:
            return
        if consent and consent.said and consent.said.via == self.stage.line.via:
            self.crm_said.pop(customer, None)
        await self.stage.says(customer, a_consent(*OFFERS, word.value), action="consent:changed")
        self.portal_said[customer] = word

    async def _agreed(self, customer: UUID) -> Value:
        state, stored = await self.stage.state(customer), await self.stage.stored(customer)
        base = unseal_base(state["base"] and bytes(state["base"]), stored.key, self.stage.line.name, customer)
        return base.values.get("consents/offers/phone/status") if base else None

    async def _work(self) -> None:
        await self.stage.poller.poll()
        await self.stage.drain()
        for customer in self.customers:
            await self._seen(customer)

    async def _seen(self, customer: UUID) -> None:
        """A side that takes over the other's word has none of its own any more."""
        consent = (await self.stage.record(customer)).consent(*OFFERS)
        if consent is None or consent.said is None:
            return
        if consent.said.via == self.stage.line.via:
            self.portal_said.pop(customer, None)
        elif self.crm.contacts[customer].consents.get(OFFERS) == consent.status:
            self.crm_said.pop(customer, None)

    async def _quietly(self) -> None:
        try:
            await self.stage.drain()
        except Died:
            return
