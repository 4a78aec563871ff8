"""What was decided about somebody before the CRM is adopted stands: restrictions, what operators set aside, late calls,
and what customers have said."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from portal.adoption.crm import Contacts
from portal.adoption.judge import Doubt
from portal.crm.inventory import Link
from portal.crm.port import Outcome
from portal.sync import steer
from portal.sync.state import Wanted
from portal.sync.want import confirmations, want
from tests.builders import a_contact_point, a_customer
from tests.integration.adoption.offices import Office


async def adopted_and_loose(office: Office) -> str:
    """Adopt one contact, of which somebody then empties in the CRM whose it is; gives its id."""
    contact = office.add("K1", email="ann@example.com", account_tier="home")
    await office.adopts()
    untie(office, contact)
    return contact


def untie(office: Office, contact: str) -> None:
    office.subject.salesforce.change("Contact", contact, {"Portal_Id__c": None, "Portal_Seq__c": None})  # type: ignore[attr-defined]


@pytest.mark.parametrize("told", [False, True], ids=["not yet told", "told"])
async def test_a_restriction_reaches_the_contact_that_is_tied_again(salesforce: Office, told: bool) -> None:
    contact = await adopted_and_loose(salesforce)
    customer, staff = await salesforce.customer("K1"), salesforce.stage.stores.staff.database
    await want(staff, customer, Wanted.RESTRICTED, actor="Olivia")
    if told:
        await salesforce.stage.settle()
        untie(salesforce, contact)

    await salesforce.adopts()
    assert not salesforce.contact(contact)["Portal_Seq__c"], "the contact is nobody's whom the CRM has heard of"
    await salesforce.stage.settle()

    assert salesforce.contact(contact)["Portal_Seq__c"], "it was told"
    assert all(one.confirmed_at for one in await confirmations(staff, customer))
    assert (await salesforce.stage.state(customer))["status"] == "synced"


@pytest.mark.parametrize("skipped", [False, True], ids=["parked", "skipped"])
async def test_whom_an_operator_has_set_aside_stays_so_and_is_told_of(salesforce: Office, skipped: bool) -> None:
    contact = await adopted_and_loose(salesforce)
    customer, staff = await salesforce.customer("K1"), salesforce.stage.stores.staff.database
    assert await steer.park(staff, salesforce.stage.line.name, customer, "Not her.", actor="Olivia")
    if skipped:
        assert await steer.skip(staff, salesforce.stage.line.name, customer, actor="Olivia")
    before, there = dict(await salesforce.stage.state(customer)), dict(salesforce.contact(contact))

    done = await salesforce.adopts()

    assert (done.matched, dict(done.reasons)) == (0, {Doubt.SET_ASIDE: 1})
    assert dict(await salesforce.stage.state(customer)) == before
    assert salesforce.contact(contact) == there

    await steer.retry(staff, salesforce.stage.line.name, customer, actor="Olivia")
    assert (await salesforce.adopts()).matched == 1, "once an operator wants it tried again"


async def test_a_call_that_may_still_land_is_looked_for_after_all(salesforce: Office) -> None:
    await adopted_and_loose(salesforce)
    customer = await salesforce.customer("K1")
    await salesforce.stage.all(
        "UPDATE portal.sync_state SET status = 'verifying', verify_at = clock_timestamp() + interval '60 s'"
    )

    await salesforce.adopts()

    state = await salesforce.stage.state(customer)
    assert (state["status"], state["verify_at"] is not None) == ("verifying", True)
    assert state["pull_due_at"] is not None


@pytest.mark.parametrize("parked", [False, True], ids=["restricted", "parked"])
async def test_what_is_decided_while_the_contact_is_tied_stands(salesforce: Office, parked: bool) -> None:
    salesforce.add("K1", email="ann@example.com", account_tier="home")
    staff, name, tie = salesforce.stage.stores.staff.database, salesforce.stage.line.name, Contacts.link

    async def deciding(contacts: Contacts, links: Sequence[Link]) -> Sequence[Outcome]:
        if parked:
            assert await steer.park(staff, name, links[0].customer_id, "Not her.", actor="Olivia")
        else:
            await want(staff, links[0].customer_id, Wanted.RESTRICTED, actor="Olivia")
        return await tie(contacts, links)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Contacts, "link", deciding)
        await salesforce.adopts()

    customer = await salesforce.customer("K1")
    state = await salesforce.stage.state(customer)
    assert state["confirmed_at"] is None and state["status"] == ("parked" if parked else "waiting")
    await salesforce.stage.settle()
    state = await salesforce.stage.state(customer)
    assert (state["status"], state["confirmed_at"] is None) == (("parked", True) if parked else ("synced", False))


async def test_only_who_is_new_is_held_back_until_they_are_tied(salesforce: Office) -> None:
    """Of somebody who was there, something waits already: the CRM gets it at once, whatever becomes of the command."""
    store = salesforce.stage.stores.worker
    stored = await a_customer(store, number="K1", values=a_contact_point(value="mine@example.com"), family_name="Berg")
    await salesforce.stage.says(stored.record.id, {"profile/given_name": "Anna"})
    salesforce.add("K1", email="old@example.com", pronouns="they")
    salesforce.add("K2")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Contacts, "link", _killed)
        with pytest.raises(KeyboardInterrupt):
            await salesforce.adopts()

    assert await _due_in(salesforce, "K1") < timedelta(minutes=1)
    assert await _due_in(salesforce, "K2") > timedelta(minutes=50)


async def _killed(*_arguments: object) -> None:
    raise KeyboardInterrupt


async def _due_in(office: Office, number: str) -> timedelta:
    row = await office.stage.one(
        "SELECT push_due_at, clock_timestamp() AS now FROM portal.sync_state WHERE customer_id = %s",
        await office.customer(number),
    )
    due, now = row["push_due_at"], row["now"]
    assert isinstance(due, datetime) and isinstance(now, datetime)
    return due - now
