"""Writing into the built-in CRM: fenced, conditional, once."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from portal.crm.embedded import EmbeddedCrm
from portal.crm.port import Applied, Conflict, Desired, Ref, Reject, Retry
from portal.sync.current import Current, read_current
from portal.sync.desired import desired
from portal.sync.held import Held
from portal.sync.state import Claimed, SyncStatus
from tests.builders import a_customer, a_number
from tests.integration.sync_stage import Stage


@pytest.fixture
def crm(stage: Stage) -> EmbeddedCrm:
    return EmbeddedCrm(stage.stores.worker.database)


async def wanted(stage: Stage, customer: UUID, etag: str | None = None) -> Desired:
    """What a drain would push now."""
    row = Claimed(customer, 0, 0, 0, None, None, None, True, False, None, 0, SyncStatus.WAITING)
    current = (await read_current(stage.line, [row]))[customer]
    assert isinstance(current, Current)
    return desired(stage.line, Held(row, current, True, None, etag))


async def test_a_late_push_with_an_old_seq_changes_nothing(stage: Stage, alice: UUID, crm: EmbeddedCrm) -> None:
    late = await wanted(stage, alice, etag="1")
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()

    outcome = (await crm.push([late]))[0]

    assert isinstance(outcome, Applied)
    assert outcome.seq == 2, "it says that a newer version is there"
    assert (await stage.sees(alice)).record == await stage.record(alice)


async def test_a_push_that_is_sent_twice_is_applied_once(stage: Stage, alice: UUID, crm: EmbeddedCrm) -> None:
    twice = await wanted(stage, alice, etag="1")
    before = await stage.sees(alice)
    assert isinstance((await crm.push([twice]))[0], Applied)
    assert isinstance((await crm.push([twice]))[0], Applied)
    after = await stage.sees(alice)
    assert (after.record, after.activity) == (before.record, before.activity)


async def test_a_push_from_before_an_agents_edit_is_refused(stage: Stage, alice: UUID, crm: EmbeddedCrm) -> None:
    seen = await stage.sees(alice)
    await stage.edits(alice, {"account_tier": "business"})
    late = await wanted(stage, alice, etag=str(seen.version))
    assert await crm.push([late]) == [Conflict()]
    assert (await stage.sees(alice)).record.profile["account_tier"] == "business"


async def test_another_contacts_number_is_never_taken_over(stage: Stage, alice: UUID, crm: EmbeddedCrm) -> None:
    mine = await wanted(stage, alice)
    stranger = replace(mine, customer_id=uuid4(), name="Mallory")
    assert await crm.push([stranger]) == [Reject("another contact has this customer number")]
    assert (await stage.sees(alice)).record.name == "Alice Marsh"


async def test_a_rejected_row_keeps_no_other_from_being_written(stage: Stage, alice: UUID, crm: EmbeddedCrm) -> None:
    mine = await wanted(stage, alice, etag="9")
    stranger, other = replace(mine, customer_id=uuid4()), replace(mine, customer_id=uuid4(), number=a_number())
    # Entry ids of a timeline are one customer's: these are strangers' records, so they bring none.
    outcomes = await crm.push([replace(stranger, timeline=()), mine, replace(other, timeline=())])
    assert [type(outcome) for outcome in outcomes] == [Reject, Applied, Applied]


async def test_two_first_pushes_at_once_make_one_contact(stage: Stage, crm: EmbeddedCrm) -> None:
    alice = (await a_customer(stage.stores.worker)).record.id
    first = await wanted(stage, alice)

    outcomes = await asyncio.gather(*(crm.push([first]) for _ in range(6)))

    assert {type(outcome) for [outcome] in outcomes} <= {Applied, Retry}
    assert (await stage.one("SELECT count(*) FROM crm.contact WHERE portal_id = %s", alice))["count"] == 1


async def test_who_was_erased_does_not_come_back(stage: Stage, alice: UUID, crm: EmbeddedCrm) -> None:
    await stage.sees(alice)
    await stage.edits(alice, {"account_tier": "business"})
    late = await wanted(stage, alice)

    await crm.erase(Ref(customer_id=alice))
    await crm.erase(Ref(customer_id=alice))

    assert await crm.push([late]) == [Reject("this person was erased")]
    assert await crm.fetch([Ref(customer_id=alice)]) == []
    left = await stage.one(
        "SELECT (SELECT count(*) FROM crm.activity WHERE entry_id = ANY(%s)) AS entries,"
        " (SELECT count(*) FROM crm.contact WHERE number = %s) AS contacts",
        [entry.id for entry in late.timeline],
        late.number,
    )
    assert (left["entries"], left["contacts"]) == (0, 0)
