"""What a simulated company is made of, and how things are done in it: for tests/integration/sync/company.py."""

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
from hypothesis.stateful import RuleBasedStateMachine, initialize

from portal import clock
from portal.audit.entry import unseal
from portal.audit.values import Value
from portal.catalogue.model import CrmContactPoint, CrmField
from portal.crm.port import ConsentStatus
from portal.record.models import System, Use
from portal.sync import gate
from portal.sync.base import unseal_base
from portal.sync.drain import drain
from portal.sync.inbound import NOT_KEPT
from portal.sync.line import Line
from portal.sync.poll import Poller
from portal.sync.sweep import sweep
from tests.builders import a_consent, a_customer
from tests.conftest import Stores
from tests.integration.sync.busy_crm import BusyCrm, Died
from tests.integration.sync.remote_crm import Contact
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


class AtWork(RuleBasedStateMachine):
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
