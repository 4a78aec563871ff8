"""Customers, agents, a bad line, dying workers and a clock, in any order, for Hypothesis; and what must hold when they
have come to rest (tests/integration/sync/test_laws.py)."""

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from portal import clock
from portal.audit.entry import unseal
from portal.audit.values import Value
from portal.catalogue.model import CrmContactPoint, CrmField
from portal.crm.port import ConsentStatus
from portal.record.models import System, Use
from portal.sync import gate
from portal.sync.base import unseal_base
from portal.sync.drain import drain
from portal.sync.inbound import NOT_KEPT, OFTEN
from portal.sync.lease import claim
from portal.sync.line import Line
from portal.sync.merge import STRICTNESS
from portal.sync.poll import Poller
from portal.sync.resync import begin_resync, resync
from portal.sync.state import Wanted
from portal.sync.steer import pause, resume, retry
from portal.sync.sweep import sweep
from portal.sync.want import want
from tests.builders import a_consent, a_customer
from tests.conftest import Stores
from tests.integration.sync.busy_crm import BusyCrm, Died
from tests.integration.sync.remote_crm import Contact, Fault
from tests.integration.sync_stage import Stage, a_stage

CUSTOMERS = 4
WHO = st.integers(0, CUSTOMERS - 1)
LANGUAGES = st.sampled_from(["en", "de", "fr"])
TIERS = st.sampled_from(["home", "home_plus", "business"])
WORDS = st.sampled_from([ConsentStatus.OPT_IN, ConsentStatus.OPT_OUT])
NUMBERS = st.sampled_from(["+442079460018", "+442079460019", "+442079460020", "+442079460021"])
OFFERS = ("offers", "phone")
PLACES = {
    "phone": CrmContactPoint("phone", System.PHONE, (), {"embedded": CrmField("Phone")}),
    "mobile": CrmContactPoint("mobile", System.PHONE, (Use.MOBILE,), {"embedded": CrmField("MobilePhone")}),
    "email": CrmContactPoint("email", System.EMAIL, (), {"embedded": CrmField("Email")}),
}
NO_NUMBER = "ask her mother"
NOT_THERE = ("the contact is no longer there", "the contact belongs to another customer now")


class Chance(clock.Clock):
    """What is left to chance in the engine (its waits) is decided by the run's seed; ids are new in each run."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    def token_bytes(self, length: int) -> bytes:
        return self._random.randbytes(length) if length == 4 else super().token_bytes(length)


class Company(RuleBasedStateMachine):
    """Some customers, their contacts, two workers, and whoever acts on either side. `reached` counts, over all runs,
    how often it came to what these runs are for."""

    def __init__(
        self, stores: Stores, loop: asyncio.AbstractEventLoop, reached: Counter[str], *, conditional: bool
    ) -> None:
        super().__init__()
        catalogue = replace(stores.worker.catalogue, contact_points=PLACES)
        self.stores = Stores(*(replace(s, catalogue=catalogue) for s in (stores.customer, stores.staff, stores.worker)))
        self.loop, self.reached = loop, reached
        self.crm = BusyCrm({place.crm["embedded"].name: place for place in PLACES.values()}, conditional=conditional)
        # What either side has said about offers by phone and the other has not seen yet.
        self.portal_said: dict[UUID, ConsentStatus] = {}
        self.crm_said: dict[UUID, ConsentStatus] = {}
        self.away: dict[UUID, Contact | None] = {}
        self.ever_away: set[UUID] = set()
        self.erased: set[UUID] = set()

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(step)

    def happened(self, what: str) -> None:
        """Count it, for us and for Hypothesis' own statistics."""
        self.reached[what] += 1
        event(what)

    @initialize(seed=st.integers(0, 2**32 - 1))
    def opens(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.conditions = ExitStack()
        self.conditions.enter_context(clock.replaced(Chance(seed)))
        # So few customers are not enough for a breaker that is meant for thousands.
        patch = self.conditions.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(gate, "FAILURES_TO_OPEN", 3)

        async def begin() -> tuple[Stage, list[UUID]]:
            stage = await a_stage(self.stores, self.crm, batch=2)
            # Nobody from an earlier run takes part: their contacts were in another CRM.
            await stage.all("UPDATE portal.sync_state SET wanted = 'erased', status = 'erased', confirmed_at = now()")
            customers = [(await a_customer(self.stores.worker, language="en")).record.id for _ in range(CUSTOMERS)]
            await stage.settle()
            return stage, customers

        self.stage, self.customers = self.run(begin())
        line = self.stage.line
        other = Line(line.name, self.crm, line.store, line.batch, line.lease)
        self.other = Stage(self.stores, other, Poller(other, clock.uuid7()))
        line.connector.meter = line.meter
        self.began = self.run(self.stage.one("SELECT coalesce(max(id), 0) AS id FROM portal.sync_event"))["id"]

    # What people do

    @rule(who=WHO, language=LANGUAGES)
    def customer_changes_a_preference(self, who: int, language: str) -> None:
        self.run(self._says(self.customers[who], "profile/language", language))

    @rule(who=WHO, word=WORDS)
    def customer_decides(self, who: int, word: ConsentStatus) -> None:
        self.run(self._decides(self.customers[who], word))

    @rule(who=WHO, tier=TIERS)
    def agent_edits_their_own_field(self, who: int, tier: str) -> None:
        self._edit(who, account_tier=tier)

    @rule(who=WHO, language=LANGUAGES)
    def agent_edits_a_shared_field(self, who: int, language: str) -> None:
        self._edit(who, language=language)

    @rule(who=WHO, word=WORDS)
    def agent_notes_a_consent(self, who: int, word: ConsentStatus) -> None:
        customer = self.customers[who]
        if customer not in self.crm.contacts:
            return
        self.crm.says(customer, *OFFERS, word)
        # Whoever puts back what both had agreed on has taken their own word back.
        if self.run(self._agreed(customer)) == word:
            self.crm_said.pop(customer, None)
        else:
            self.crm_said[customer] = word

    @rule(who=WHO, number=NUMBERS)
    def customer_corrects_a_number(self, who: int, number: str) -> None:
        self.run(self._corrects(self.customers[who], number))

    @rule(who=WHO)
    def customer_puts_the_last_contact_point_first(self, who: int) -> None:
        self.run(self._reorders(self.customers[who]))

    @rule(who=WHO, name=st.sampled_from(["Phone", "MobilePhone"]), number=st.one_of(NUMBERS, st.none()))
    def agent_corrects_a_number(self, who: int, name: str, number: str | None) -> None:
        if self.customers[who] in self.crm.contacts:
            self.crm.corrects(self.customers[who], name, number)

    @rule(who=WHO, what=st.sampled_from(["preference", "consent", "number"]), which=st.integers(0, 2))
    def both_change_the_same(self, who: int, what: str, which: int) -> None:
        match what:
            case "preference":
                self._edit(who, language=("fr", "de", "en")[which])
                self.customer_changes_a_preference(who, ("de", "en", "fr")[which])
            case "consent":
                self.agent_notes_a_consent(who, list(ConsentStatus)[which % 2])
                self.customer_decides(who, list(ConsentStatus)[1 - which % 2])
            case "number":
                self.agent_corrects_a_number(who, "Phone", f"+4420794601{which}0")
                self.customer_corrects_a_number(who, f"+4420794601{which}1")
        self.run(self._work(self.stage))

    @rule(who=WHO)
    def agent_writes_what_is_no_number(self, who: int) -> None:
        self.agent_corrects_a_number(who, "Phone", NO_NUMBER)

    @rule(who=WHO)
    def agent_deletes_a_contact(self, who: int) -> None:
        customer = self.customers[who]
        if customer in self.crm.contacts and customer not in self.away:
            self.away[customer] = self.crm.delete(customer)
            self.ever_away.add(customer)

    @rule(who=WHO)
    def agent_restores_a_contact(self, who: int) -> None:
        customer = self.customers[who]
        if (contact := self.away.get(customer)) and customer not in self.crm.contacts and customer not in self.erased:
            self.crm.restore(customer, contact)
            del self.away[customer]

    @rule(who=WHO, into=WHO)
    def agent_merges_two(self, who: int, into: int) -> None:
        away, left = self.customers[who], self.customers[into]
        if away != left and {away, left} <= self.crm.contacts.keys() and not {away, left} & self.away.keys():
            self.crm.merge(away, left)
            self.away[away] = None
            self.ever_away.add(away)
            self.happened("merged into another customer's contact")

    @rule(who=WHO)
    def customer_is_erased(self, who: int) -> None:
        if len(self.erased) < CUSTOMERS - 2:
            customer = self.customers[who]
            self.erased.add(customer)
            line = self.stage.line
            self.run(want(self.stores.staff.database, customer, Wanted.ERASED, actor="x", ahead=line.ahead))

    @rule(who=WHO, number=NUMBERS)
    def operator_pauses_and_resumes(self, who: int, number: str) -> None:
        line = self.stage.line
        self.run(pause(line.store.database, line.name, actor="operator", ahead=line.ahead))
        calls = self.crm.calls
        self.customer_corrects_a_number(who, number)
        self.run(self._work(self.stage))
        assert self.crm.calls == calls, "nobody calls a CRM that is paused"
        self.run(resume(line.store.database, line.name, actor="operator", ahead=line.ahead))

    # What happens to them

    @rule(who=WHO, language=LANGUAGES)
    def the_line_fails(self, who: int, language: str) -> None:
        self.crm.fail(self.customers[who], self.dice.choice(list(Fault)))
        self.customer_changes_a_preference(who, language)
        self.run(self._work(self.stage))

    @rule()
    def what_was_late_lands(self) -> None:
        self.crm.land()

    @rule()
    def the_crm_cannot_be_read(self) -> None:
        self.crm.deaf = ConnectionResetError()

    @rule()
    def the_crm_is_down_for_a_while(self) -> None:
        """Long enough for a breaker to open."""

        async def down() -> None:
            self.crm.broken = ConnectionResetError()
            for number in range(6):
                await self._says(self.customers[number % CUSTOMERS], "profile/call_me", f"Al {number}")
                await self._work(self.stage)
                await self._later(5)

        self.run(down())

    @rule()
    def the_crm_is_well_again(self) -> None:
        self.crm.deaf = self.crm.broken = None

    @rule(seconds=st.sampled_from([0.5, 3.0, 31.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.run(self._later(seconds))

    @rule(first=st.booleans())
    def a_worker_works(self, first: bool) -> None:
        self.run(self._work(self.stage if first else self.other))

    @rule()
    def a_worker_dies_with_what_it_has_claimed(self) -> None:
        self.customer_corrects_a_number(0, "+442079460022")
        if self.run(claim(self.stage.line, clock.uuid7())):
            self.happened("a worker died with what it had claimed")

    @rule()
    def a_worker_dies_with_its_call_under_way(self) -> None:
        self.crm.dies = self.dice.choice(["before it is written", "after it is written"])
        self.run(self._says(self.customers[1], "profile/call_me", f"Al {self.dice.random()}"))
        self.run(self._work(self.stage))

    @rule()
    def a_worker_is_overtaken_while_it_calls(self) -> None:
        async def overtaken() -> None:
            self.crm.meanwhile = self._overtake
            await self._says(self.customers[2], "profile/call_me", "Allie")
            await self._work(self.stage)
            self.crm.meanwhile = None

        self.run(overtaken())

    @rule()
    def everything_is_compared_anew(self) -> None:
        async def whole() -> None:
            line = self.stage.line
            await begin_resync(line.store.database, line.name, actor="operator", ahead=line.ahead)
            await resync(line)

        self.run(whole())

    @rule()
    def drift_is_looked_for(self) -> None:
        self.run(self._sweep())

    @invariant()
    def the_day_goes_on(self) -> None:
        """Hypothesis leaves some rules out of each run; without a worker at work there is nothing to see."""
        if not hasattr(self, "other"):
            return
        chance = self.dice.random()
        if chance < 0.4:
            self.run(self._work(self.stage if chance < 0.25 else self.other))
        elif chance < 0.55:
            self.run(self._later(2))

    @invariant()
    def a_timeline_has_each_change_once(self) -> None:
        for contact in self.crm.contacts.values():
            assert len(contact.timeline) == len(set(contact.timeline))

    def teardown(self) -> None:
        try:
            if hasattr(self, "stage"):
                self.run(self._rest())
        finally:
            if hasattr(self, "conditions"):
                self.conditions.close()

    # And in the end

    async def _rest(self) -> None:
        stage = self.stage
        line = stage.line
        self.crm.faults.clear()
        self.crm.deaf = self.crm.broken = self.crm.dies = None
        await resume(line.store.database, line.name, actor="operator", ahead=line.ahead)
        for name in ("Phone", "MobilePhone"):
            for customer, contact in self.crm.contacts.items():
                if self.crm.points.get(contact.remote_id, {}).get(name) == NO_NUMBER:
                    self.crm.corrects(customer, name, "+442079460018")
        await self._count()
        for _ in range(5):
            self.crm.land()
            await self._later(400)
            await resync(line)
            await retry(line.store.database, line.name, None, actor="operator", ahead=line.ahead)
            await stage.settle()
            await self._sweep()
            await stage.settle()
        for customer in self.customers:
            await (self._gone(customer) if customer in self.erased else self._equal(customer))
        calls, versions = self.crm.calls, [(await stage.record(customer)).seq for customer in self.customers]
        await self._later(86_400)
        await stage.settle()
        assert self.crm.calls == calls, "nothing goes to and fro"
        assert [(await stage.record(customer)).seq for customer in self.customers] == versions

    async def _gone(self, customer: UUID) -> None:
        assert (await self.stage.state(customer))["status"] == "erased"
        assert customer not in self.crm.contacts, "whoever was erased stays erased"

    async def _equal(self, customer: UUID) -> None:
        state = await self.stage.state(customer)
        if customer in self.away and state["status"] == "parked":
            assert state["last_error"].startswith(NOT_THERE), "people see it, and why"
            return
        assert (state["status"], state["last_error"]) == ("synced", None)
        stored, contact = await self.stage.stored(customer), self.crm.contacts[customer]
        record, line = stored.record, self.stage.line
        ours = {name: record.profile.get(key) for key, name in line.names.items()}
        theirs = {name: contact.fields.get(name) for name in ours}
        assert theirs == ours or await self._overruled_often(customer)
        points = {name: place.first(record.contact_points) for name, place in line.points.items()}
        stands = {name: point.value if point else None for name, point in points.items()}
        assert self.crm.points[contact.remote_id] == stands or await self._overruled_often(customer)
        consent = record.consent(*OFFERS)
        assert contact.consents.get(OFFERS) == (consent.status if consent else None)
        assert (state["synced_seq"], contact.seq) == (record.seq, record.seq)
        if customer not in self.ever_away:
            assert sorted(contact.timeline) == sorted(f"{stored.chain}/{seq}" for seq in range(1, record.seq + 1))
            self._strict_enough(customer, consent.status if consent else None)

    async def _overruled_often(self, customer: UUID) -> bool:
        """Agents who insist on a word see it there after a while: then it stands in the log that often."""
        lost = Counter(f"{path}={text}" for path, text in await self._lost(customer))
        return max(lost.values(), default=0) >= OFTEN

    def _strict_enough(self, customer: UUID, status: ConsentStatus | None) -> None:
        for said in (self.portal_said, self.crm_said):
            if customer in said:
                assert STRICTNESS.index(status) >= STRICTNESS.index(said[customer]), "looser than somebody said last"

    # How it is done

    def _edit(self, who: int, **fields: Value) -> None:
        if self.customers[who] in self.crm.contacts:
            self.crm.edit(self.customers[who], fields)

    async def _later(self, seconds: float) -> None:
        """What was given up lands within a minute or not at all."""
        if seconds > self.crm.caps.max_execution_seconds:
            self.crm.land()
        await self.stage.later(seconds=seconds)
        self.other.line.ahead = self.stage.line.ahead

    async def _says(self, customer: UUID, path: str, value: Value) -> None:
        if (await self.stage.record(customer)).profile.get(path.partition("/")[2]) != value:
            await self.stage.says(customer, {path: value})

    async def _corrects(self, customer: UUID, number: str) -> None:
        points = (await self.stage.record(customer)).contact_points
        first = next(point for point in points if point.system is System.PHONE)
        if all(point.value != number for point in points):
            await self.stage.says(
                customer, {f"contact_points/{first.id}/value": number}, action="contact_point:changed"
            )

    async def _reorders(self, customer: UUID) -> None:
        first, *_between, last = (await self.stage.record(customer)).contact_points
        ranks: dict[str, Value] = {
            f"contact_points/{first.id}/rank": last.rank,
            f"contact_points/{last.id}/rank": first.rank,
        }
        await self.stage.says(customer, ranks, action="contact_point:changed")

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

    async def _work(self, stage: Stage) -> None:
        if self.dice.random() < 0.7:  # else a push meets edits that it was not told of
            with suppress(ConnectionError):
                await stage.poller.poll()
        with suppress(Died):
            await drain(stage.line)
        for customer in self.customers:
            await self._seen(customer)

    async def _overtake(self) -> None:
        """The one who calls stalls for longer than its lease, and another one takes its records over."""
        await self._later(31)
        self.happened("a worker was overtaken while it called")
        await drain(self.other.line)

    async def _sweep(self) -> None:
        if self.crm.deaf is None and self.crm.broken is None:
            await sweep(self.stage.line, size=100, grace=0)

    async def _seen(self, customer: UUID) -> None:
        """A side that takes over the other's word has none of its own any more."""
        consent, contact = (await self.stage.record(customer)).consent(*OFFERS), self.crm.contacts.get(customer)
        if consent is None or consent.said is None:
            return
        if consent.said.via == self.stage.line.via:
            self.portal_said.pop(customer, None)
        elif contact and contact.consents.get(OFFERS) == consent.status:
            self.crm_said.pop(customer, None)

    async def _lost(self, customer: UUID) -> list[tuple[str, str]]:
        """What was put into the CRM and does not stand, from the log."""
        key = (await self.stage.stored(customer)).key
        rows = await self.stage.all("SELECT entry FROM portal.change_record WHERE customer_id = %s", customer)
        told = [unseal(bytes(row["entry"]), key).evidence.personal.items() for row in rows]
        return [
            (name.removeprefix(NOT_KEPT), text) for each in told for name, text in each if name.startswith(NOT_KEPT)
        ]

    async def _count(self) -> None:
        """What it came to."""
        for customer in self.customers:
            for path, _text in await self._lost(customer):
                self.happened(f"both changed {path.partition('/')[0]}")
            mine = "SELECT action FROM portal.change_record WHERE customer_id = %s AND via = %s"
            for row in await self.stage.all(mine, customer, self.stage.line.via):
                self.happened(f"came from the CRM: {row['action'].partition(':')[0]}")
        rows = await self.stage.all("SELECT event FROM portal.sync_event WHERE id > %s", self.began)
        for row in rows:
            self.happened(f"journal: {row['event']}")
        for what, times in self.crm.seen.items():
            self.reached[what] += times
            event(what)
