"""Somebody in the CRM merges, deletes or restores contacts: nothing is lost, and no other record is overwritten."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from portal.crm.port import Desired, Outcome
from portal.crm.said import Own
from portal.sync.resync import begin_resync, resync
from portal.sync.steer import park, relink, retry, skip
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import Fault, RemoteCrm
from tests.integration.sync_stage import Stage, a_stage

OPERATOR = "018f0000-0000-7000-8000-0000000000f1"


@pytest.fixture
def crm() -> RemoteCrm:
    return RemoteCrm()


@pytest.fixture
async def stage(own_stores: Stores, crm: RemoteCrm) -> Stage:
    return await a_stage(own_stores, crm)


@pytest.fixture
async def bob(stage: Stage) -> UUID:
    stored = await a_customer(stage.stores.worker, given_name="Bob", language="fr")
    await stage.settle()
    return stored.record.id


async def status(stage: Stage, customer: UUID) -> tuple[str, str | None]:
    state = await stage.state(customer)
    return state["status"], state["last_error"]


async def journal(stage: Stage, customer: UUID) -> list[tuple[str, str]]:
    rows = await stage.all("SELECT event, actor FROM portal.sync_event WHERE customer_id = %s ORDER BY id", customer)
    return [(row["event"], row["actor"]) for row in rows]


async def test_merged_into_nobodys_contact_the_record_goes_on_there(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    old = crm.contacts[alice].remote_id
    stranger = crm.somebody(language="en", account_tier="home")
    survivor = crm.contacts[stranger].remote_id
    crm.merge(alice, into=stranger)

    await stage.says(alice, {"profile/language": "de"})
    await stage.poller.poll()
    await stage.all("UPDATE portal.sync_state SET pull_due_at = now() WHERE customer_id = %s", alice)
    await stage.settle()

    assert (await stage.state(alice))["remote_id"] == survivor != old
    assert crm.contacts[alice].fields["language"] == "de"
    assert [event for event, _actor in await journal(stage, alice)] == ["relinked"]


async def test_merged_with_another_customer_it_is_parked_and_that_ones_record_stays(
    stage: Stage, crm: RemoteCrm, alice: UUID, bob: UUID
) -> None:
    crm.merge(alice, into=bob)
    before = dict(crm.contacts[bob].fields)

    await stage.all("UPDATE portal.sync_state SET pull_due_at = now() WHERE customer_id = %s", alice)
    await stage.settle()
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()

    parked = "the contact belongs to another customer now: was it merged in the CRM?"
    assert await status(stage, alice) == ("parked", parked)
    assert crm.contacts[bob].fields == before
    assert (await stage.record(bob)).profile["language"] == "fr"
    assert alice not in crm.contacts


async def test_an_operator_has_a_contact_of_their_own_made_for_them(
    stage: Stage, crm: RemoteCrm, alice: UUID, bob: UUID
) -> None:
    crm.merge(alice, into=bob)
    await stage.all("UPDATE portal.sync_state SET pull_due_at = now() WHERE customer_id = %s", alice)
    await stage.settle()

    assert await relink(stage.stores.staff.database, stage.line.name, alice, None, actor=OPERATOR)
    crm.contacts[bob].merged = frozenset()  # and takes the two apart again
    await stage.settle()

    assert await status(stage, alice) == ("synced", None)
    assert crm.contacts[alice].fields["language"] == "en"
    assert crm.contacts[bob].fields["language"] == "fr"
    assert (await journal(stage, alice))[-1] == ("relinked", OPERATOR)


async def test_nobody_can_relink_a_record_to_another_customers_contact(
    stage: Stage, crm: RemoteCrm, alice: UUID, bob: UUID
) -> None:
    theirs = crm.contacts[bob].remote_id
    assert not await relink(stage.stores.staff.database, stage.line.name, alice, theirs, actor=OPERATOR)
    await stage.all("UPDATE portal.sync_state SET remote_id = NULL WHERE customer_id = %s", bob)

    assert await relink(stage.stores.staff.database, stage.line.name, alice, theirs, actor=OPERATOR)
    crm.contacts.pop(alice)
    await stage.settle()

    assert (await status(stage, alice))[0] == "parked", "the contact itself says whose it is"
    assert crm.contacts[bob].fields["language"] == "fr"


async def test_deleted_it_is_parked_and_restored_it_goes_on(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    contact = crm.delete(alice)
    await stage.all("UPDATE portal.sync_state SET pull_due_at = now() WHERE customer_id = %s", alice)
    await stage.settle()
    assert await status(stage, alice) == ("parked", "the contact is no longer there")

    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    assert alice not in crm.contacts, "what somebody removed does not come back by itself"

    crm.restore(alice, contact)
    await stage.settle()
    assert await status(stage, alice) == ("synced", None)
    assert crm.contacts[alice].fields["language"] == "de"
    assert len(crm.contacts[alice].timeline) == 2


async def test_deleted_an_operator_can_have_it_made_anew(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    crm.delete(alice)
    await stage.all("UPDATE portal.sync_state SET pull_due_at = now() WHERE customer_id = %s", alice)
    await stage.settle()

    await relink(stage.stores.staff.database, stage.line.name, alice, None, actor=OPERATOR)
    await stage.settle()

    assert await status(stage, alice) == ("synced", None)
    assert crm.contacts[alice].fields["language"] == "en"


async def test_what_is_skipped_is_left_until_its_next_change(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    database = stage.stores.staff.database
    crm.poisoned = {alice}
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    assert not await skip(database, stage.line.name, UUID(int=1), actor=OPERATOR)
    assert await skip(database, stage.line.name, alice, actor=OPERATOR)
    assert not await skip(database, stage.line.name, alice, actor=OPERATOR)
    await stage.later(days=1)
    calls = crm.calls
    await stage.settle()
    assert ((await status(stage, alice))[0], crm.calls) == ("skipped", calls)

    crm.poisoned = set()
    await stage.says(alice, {"profile/language": "fr"})
    await stage.later(days=1)
    await stage.settle()

    assert await status(stage, alice) == ("synced", None)
    assert [event for event, _actor in await journal(stage, alice)] == ["parked", "skipped"]


@pytest.mark.parametrize("lands", [False, True])
@pytest.mark.parametrize("decided", ["skipped", "parked"])
async def test_a_late_worker_undoes_nothing_that_a_person_decided(
    own_stores: Stores, monkeypatch: pytest.MonkeyPatch, decided: str, lands: bool
) -> None:
    # Given a worker that stalls while its lease ends, another one whose push fails, and an operator who decides
    crm = RemoteCrm(conditional=False)
    stage = await a_stage(own_stores, crm)
    alice = (await a_customer(stage.stores.worker, language="en")).record.id
    await stage.settle()
    push, operators = crm.push, stage.stores.staff.database

    async def stalls(batch: Sequence[Desired]) -> Sequence[Outcome]:
        monkeypatch.setattr(crm, "push", push)
        await stage.later(seconds=31)
        crm.fail(alice, Fault.REFUSED if decided == "skipped" else Fault.BUSY)
        await stage.settle()
        if decided == "skipped":
            assert await skip(operators, stage.line.name, alice, actor=OPERATOR)
        else:
            assert await park(operators, stage.line.name, alice, "asked us to wait", actor=OPERATOR)
        crm.fail(alice, Fault.LATE)
        return await push(batch)

    monkeypatch.setattr(crm, "push", stalls)
    await stage.says(alice, {"profile/language": "de"})

    # When it goes on
    await stage.drain()
    await stage.settle()
    before = await status(stage, alice)
    if lands:
        crm.land()
        crm.hush()
    calls = crm.calls
    await stage.later(minutes=2)
    crm.deaf = ConnectionResetError()
    await stage.settle()
    assert await status(stage, alice) == before, "who cannot be read is read again"
    crm.deaf = None
    await stage.later(minutes=4)
    await stage.settle()

    # Then it is found out what the CRM has, and what it does not have is not written to it
    assert before == (decided, "FIELD_INTEGRITY: bad value" if decided == "skipped" else "asked us to wait")
    assert await status(stage, alice) == (("synced", None) if lands else before)
    assert crm.contacts[alice].fields["language"] == ("de" if lands else "en")
    assert lands or crm.calls == calls
    await stage.says(alice, {"profile/language": "fr"})
    await stage.settle()
    assert crm.contacts[alice].fields["language"] == "fr"


async def test_what_is_parked_is_tried_again_when_a_person_says_so(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    database = stage.stores.staff.database
    crm.poisoned = {alice}
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    crm.poisoned = set()

    assert await retry(database, stage.line.name, alice, actor=OPERATOR) == 1
    assert await retry(database, stage.line.name, alice, actor=OPERATOR) == 0, "it is on its way"
    await stage.settle()

    assert await status(stage, alice) == ("synced", None)
    assert await journal(stage, alice) == [("parked", "engine"), ("retried", OPERATOR)]


async def test_a_change_that_nobody_has_tried_is_not_skipped(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    crm.fail(alice, Fault.REFUSED)
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    await stage.says(alice, {"profile/language": "fr"})

    assert not await skip(stage.stores.staff.database, stage.line.name, alice, actor=OPERATOR)
    await stage.settle()

    assert crm.contacts[alice].fields["language"] == "fr"


async def test_who_is_relinked_while_a_worker_has_them_stays_so(
    stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = crm.contacts[crm.somebody(language="en")].remote_id
    push = crm.push

    async def meanwhile(batch: Sequence[Desired]) -> Sequence[Outcome]:
        monkeypatch.setattr(crm, "push", push)
        outcomes = await push(batch)
        crm.delete(alice)
        assert await relink(stage.stores.staff.database, stage.line.name, alice, other, actor=OPERATOR)
        return outcomes

    monkeypatch.setattr(crm, "push", meanwhile)
    await stage.says(alice, {"profile/language": "de"})
    await stage.drain()
    assert (await stage.state(alice))["remote_id"] == other
    await stage.settle()

    assert (await stage.state(alice))["remote_id"] == other
    assert await status(stage, alice) == ("synced", None)
    assert (crm.contacts[alice].remote_id, crm.contacts[alice].fields["language"]) == (other, "de")


async def test_a_resync_leaves_what_a_person_decided(stage: Stage, crm: RemoteCrm, alice: UUID, bob: UUID) -> None:
    database = stage.stores.staff.database
    crm.fail(alice, Fault.REFUSED)
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    assert await skip(database, stage.line.name, alice, actor=OPERATOR)
    assert await park(database, stage.line.name, bob, "asked us to wait", actor=OPERATOR)
    carol = (await a_customer(stage.stores.worker)).record.id
    crm.fail(carol, Fault.REFUSED)
    await stage.settle()
    crm.hush()

    await begin_resync(stage.line.store.database, stage.line.name, actor=OPERATOR)
    while await resync(stage.line):
        await stage.settle()

    assert (await status(stage, alice))[0] == "skipped"
    assert await status(stage, bob) == ("parked", "asked us to wait")
    assert (await status(stage, carol))[0] == "synced", "what the CRM refused is compared, too"


async def test_nobodys_contact_that_an_operator_names_becomes_theirs(
    stage: Stage, crm: RemoteCrm, alice: UUID, bob: UUID
) -> None:
    crm.delete(alice)
    await stage.settle()
    new = crm.contacts[crm.somebody(language="en", account_tier="business")].remote_id

    crm.broken = ConnectionRefusedError()
    await relink(stage.stores.staff.database, stage.line.name, alice, new, actor=OPERATOR)
    await stage.settle()
    assert alice not in crm.contacts
    crm.broken = None
    for _ in range(2):
        await stage.later(minutes=1)
        await stage.settle()

    assert crm.links == 2, "one that failed, and one that did"
    assert crm.contacts[alice].remote_id == (await stage.state(alice))["remote_id"] == new
    assert await status(stage, alice) == ("synced", None)
    assert (await stage.record(alice)).profile["account_tier"] == "business", "what agents own is theirs to say"
    assert crm.contacts[alice].fields["first_name"] == "Alice"


class Untied(RemoteCrm):
    """One that ties no contacts."""

    link = None  # type: ignore[assignment]


async def test_where_nobodys_contact_cannot_be_tied_the_record_is_parked(own_stores: Stores) -> None:
    crm = Untied()
    stage = await a_stage(own_stores, crm)
    alice = (await a_customer(own_stores.worker)).record.id
    await stage.settle()
    crm.merge(alice, into=crm.somebody())
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    await stage.later(days=1)
    calls = crm.calls
    await stage.settle()

    assert await status(stage, alice) == ("parked", Own.NOBODYS)
    assert crm.calls == calls
