"""Contacts of the built-in CRM that are nobody's: they become a customer's, and nobody else's are taken."""

from uuid import UUID, uuid4

import pytest

from portal.crm.embedded import EmbeddedCrm
from portal.crm.inventory import Existing, Link
from portal.crm.port import Applied, Ref, Reject, Remote
from portal.sync.steer import relink
from tests.builders import a_customer
from tests.integration.sync_stage import Stage

OLIVIA = "018f0000-0000-7000-8000-0000000000f1"


@pytest.fixture
def crm(stage: Stage) -> EmbeddedCrm:
    return EmbeddedCrm(stage.stores.worker.database)


async def nobodys(stage: Stage) -> str:
    row = await stage.one("INSERT INTO crm.contact (number, name) VALUES (%s, %s) RETURNING id", uuid4().hex, "Marsh")
    return str(row["id"])


def a_link(contact: str, customer: UUID, seq: int = 0) -> Link:
    return Link(Existing(Remote(None, contact, None, 0, None, {}), None, ""), customer, seq)


async def test_one_that_an_operator_names_becomes_theirs(stage: Stage, alice: UUID) -> None:
    await stage.all("DELETE FROM crm.contact WHERE portal_id = %s", alice)
    new = await nobodys(stage)

    assert await relink(stage.stores.staff.database, stage.line.name, alice, new, actor=OLIVIA, ahead=stage.line.ahead)
    await stage.settle()

    state, seen = await stage.state(alice), await stage.sees(alice)
    assert (state["status"], state["remote_id"]) == ("synced", new)
    assert seen.record == await stage.record(alice)
    assert [entry.seq for entry in seen.activity] == [1], "its timeline is complete"


async def test_no_other_customers_is_taken(stage: Stage, alice: UUID, crm: EmbeddedCrm) -> None:
    bob = (await a_customer(stage.stores.worker)).record.id
    await stage.settle()
    hers, his, new = (
        (await stage.state(alice))["remote_id"],
        (await stage.state(bob))["remote_id"],
        await nobodys(stage),
    )

    outcomes = await crm.link([a_link(his, uuid4()), a_link(new, alice), a_link(hers, alice, 1), a_link("T1", uuid4())])

    assert [type(outcome) for outcome in outcomes] == [Reject, Reject, Applied, Reject]
    found = await crm.fetch([Ref(his, bob), Ref(hers, alice), Ref(new, uuid4())])
    assert [(one.remote_id, one.customer_id) for one in found[-1:]] == [(new, None)]
    assert {(one.remote_id, one.customer_id) for one in found[:2]} == {(his, bob), (hers, alice)}


async def test_who_was_erased_is_tied_to_nothing_and_leaves_nothing(stage: Stage, crm: EmbeddedCrm) -> None:
    erased, new = uuid4(), await nobodys(stage)
    await crm.erase(Ref(new, erased))
    assert await crm.fetch([Ref(new, None)]) == []

    assert isinstance((await crm.link([a_link(await nobodys(stage), erased)]))[0], Reject)
