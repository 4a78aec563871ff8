"""A CRM that has only a flag for a consent: what it says depends on what both sides had agreed on."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from portal.crm.port import ConsentStatus, Desired, Outcome, Ref, Remote
from tests.builders import a_consent
from tests.conftest import Stores
from tests.integration.sync.remote_crm import RemoteCrm
from tests.integration.sync_stage import Stage, a_stage

CALLS = ("offers", "phone")


class Flagging(RemoteCrm):
    """`do_not_call` is all that it knows of offers by phone."""

    def __init__(self) -> None:
        super().__init__()
        self.do_not_call: dict[UUID | None, bool] = {}

    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        for desired in batch:
            said = {(c.purpose, c.channel): c.status for c in desired.consents}.get(CALLS)
            self.do_not_call[desired.customer_id] = said is not ConsentStatus.OPT_IN
        return await super().push(batch)

    async def fetch(self, refs: Sequence[Ref]) -> Sequence[Remote]:
        found = await super().fetch(refs)
        return [replace(one, flags={CALLS: self.do_not_call[one.customer_id]}) for one in found]

    def flag(self, customer: UUID, forbids: bool) -> None:
        self.do_not_call[customer] = forbids
        self.edit(customer, {})


@pytest.fixture
def crm() -> Flagging:
    return Flagging()


@pytest.fixture
async def stage(own_stores: Stores, crm: Flagging) -> Stage:
    return await a_stage(own_stores, crm)


async def status(stage: Stage, customer: UUID) -> ConsentStatus | None:
    consent = (await stage.record(customer)).consent(*CALLS)
    return consent.status if consent else None


async def test_an_agent_who_sets_it_opts_the_person_out(stage: Stage, crm: Flagging, alice: UUID) -> None:
    await stage.says(alice, a_consent(*CALLS), action="consent:given")
    await stage.settle()
    crm.flag(alice, True)
    await stage.settle()
    assert await status(stage, alice) is ConsentStatus.OPT_OUT
    assert crm.do_not_call[alice]


async def test_an_agent_who_clears_it_gives_no_consent(stage: Stage, crm: Flagging, alice: UUID) -> None:
    await stage.says(alice, a_consent(*CALLS, "opt_out"), action="consent:withdrawn")
    await stage.settle()
    crm.flag(alice, False)
    await stage.settle()
    assert await status(stage, alice) is ConsentStatus.OPT_OUT
    assert crm.do_not_call[alice], "it is set again"


async def test_a_flag_that_says_what_was_agreed_on_changes_nothing(stage: Stage, crm: Flagging, alice: UUID) -> None:
    await stage.says(alice, a_consent(*CALLS, "seen"), action="consent:changed")
    await stage.settle()
    version = (await stage.record(alice)).seq
    crm.edit(alice, {"account_tier": "business"})
    await stage.settle()
    assert await status(stage, alice) is ConsentStatus.SEEN
    assert (await stage.record(alice)).seq == version + 1
