"""Erasure and restriction reach every CRM, and their confirmation is written down."""

from uuid import UUID

import pytest
from sqlalchemy import URL

from portal.crm.answers import CallFailed
from portal.crm.embedded import EmbeddedCrm
from portal.crm.port import Hint, Ref, Reject
from portal.sync.inbox import arrived
from portal.sync.state import Wanted
from portal.sync.steer import retry, skip
from portal.sync.want import confirmations, want
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import Contact, Fault, RemoteCrm
from tests.integration.sync_stage import Stage, a_stage, as_administrator

OPERATOR = "018f0000-0000-7000-8000-0000000000f1"


@pytest.fixture
def crm() -> RemoteCrm:
    return RemoteCrm()


@pytest.fixture
async def stage(own_stores: Stores, crm: RemoteCrm) -> Stage:
    return await a_stage(own_stores, crm)


async def wants(stage: Stage, customer: UUID, what: Wanted) -> list[str]:
    return list(await want(stage.stores.staff.database, customer, what, actor=OPERATOR, ahead=stage.line.ahead))


async def confirmed(stage: Stage, customer: UUID) -> dict[Wanted, bool]:
    found = await confirmations(stage.stores.staff.database, customer)
    return {each.wanted: each.confirmed_at is not None for each in found}


async def journal(stage: Stage, customer: UUID) -> list[str]:
    rows = await stage.all("SELECT event FROM portal.sync_event WHERE customer_id = %s ORDER BY id", customer)
    return [row["event"] for row in rows]


async def test_who_is_to_be_erased_is_erased_and_it_is_confirmed(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    assert await wants(stage, alice, Wanted.ERASED) == ["embedded"]
    assert await confirmed(stage, alice) == {Wanted.ERASED: False}

    await stage.settle()

    assert alice not in crm.contacts
    assert await confirmed(stage, alice) == {Wanted.ERASED: True}
    state = await stage.state(alice)
    assert (state["status"], state["base"], state["remote_etag"]) == ("erased", None, None)
    assert await journal(stage, alice) == ["erased_wanted", "erased_confirmed"]


async def test_a_crm_that_is_down_hears_of_it_later(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    crm.broken = ConnectionRefusedError()
    await wants(stage, alice, Wanted.ERASED)
    await stage.settle()
    assert await confirmed(stage, alice) == {Wanted.ERASED: False}
    assert (await stage.state(alice))["last_error"] == "could not be erased yet"

    crm.broken = None
    await stage.later(minutes=1)
    await stage.settle()

    assert await confirmed(stage, alice) == {Wanted.ERASED: True}


async def test_who_is_erased_does_not_come_back(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    await wants(stage, alice, Wanted.ERASED)
    await stage.settle()
    erasures = crm.erasures

    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    assert await wants(stage, alice, Wanted.RECORD) == [], "for ever"
    await stage.settle()

    assert alice not in crm.contacts
    assert crm.erasures == erasures
    assert (await stage.state(alice))["push_due_at"] is None


@pytest.mark.parametrize("conditional", [True, False], ids=["fenced", "unfenced"])
@pytest.mark.parametrize("reads_first", [True, False], ids=["looked", "at_once"])
async def test_a_push_that_lands_after_the_erasure_brings_nobody_back(
    own_stores: Stores, conditional: bool, reads_first: bool
) -> None:
    crm = RemoteCrm(conditional=conditional)
    stage = await a_stage(own_stores, crm)
    alice = (await a_customer(own_stores.worker, language="en")).record.id
    await stage.settle()
    crm.fail(alice, Fault.LATE)
    await stage.says(alice, {"profile/language": "de"})
    await stage.drain()
    if reads_first:
        await stage.later(seconds=5)
        await stage.settle()
    await wants(stage, alice, Wanted.ERASED)
    await stage.later(seconds=5)
    await stage.settle()
    assert await confirmed(stage, alice) == {Wanted.ERASED: True}

    crm.land()
    assert alice in crm.contacts, "a CRM makes the contact that it was told to make"
    await stage.later(seconds=61)
    await stage.settle()

    assert alice not in crm.contacts
    assert (await stage.state(alice))["verify_at"] is None, "nothing can land any more"
    assert await journal(stage, alice) == ["erased_wanted", "erased_confirmed"]


@pytest.mark.parametrize("names_them", [True, False], ids=["by_customer", "by_contact"])
async def test_whose_contact_is_taken_out_of_the_dustbin_is_erased_again(
    stage: Stage, crm: RemoteCrm, alice: UUID, names_them: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact: Contact = crm.contacts[alice]
    await wants(stage, alice, Wanted.ERASED)
    await stage.settle()
    await stage.later(minutes=2)
    await stage.settle()

    crm.restore(alice, contact)
    told = Ref(contact.remote_id, alice if names_them else None)

    async def changes(cursor: str | None) -> tuple[list[Ref], str]:
        return ([], "told") if cursor == "told" else ([told], "told")

    monkeypatch.setattr(crm, "changes", changes)
    await stage.settle()

    assert alice not in crm.contacts
    state = await stage.state(alice)
    assert (state["status"], state["pull_due_at"], state["push_due_at"]) == ("erased", None, None)


@pytest.mark.parametrize("names_them", [True, False], ids=["by_customer", "by_contact"])
async def test_a_webhook_tells_of_it_as_well(stage: Stage, crm: RemoteCrm, alice: UUID, names_them: bool) -> None:
    contact: Contact = crm.contacts[alice]
    await wants(stage, alice, Wanted.ERASED)
    await stage.settle()
    await stage.later(minutes=2)
    await stage.settle()
    crm.restore(alice, contact)
    crm.hush()

    told = Ref(None, alice) if names_them else Ref(contact.remote_id)
    await arrived(stage.stores.staff.database, stage.line.name, [Hint("restored", told)])
    await stage.settle()

    assert alice not in crm.contacts
    state = await stage.state(alice)
    assert (state["status"], state["pull_due_at"], state["push_due_at"]) == ("erased", None, None)
    assert await stage.all("SELECT FROM portal.inbox WHERE event_id = 'restored'") == [], "and of them it is forgotten"


async def test_an_erasure_that_the_crm_refuses_is_parked_in_its_words_and_tried_when_a_person_says_so(
    stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = [alice, *[(await a_customer(stage.stores.worker)).record.id for _ in range(5)]]
    await stage.settle()
    erase, refused = crm.erase, 0

    async def refuses(ref: Ref) -> None:
        nonlocal refused
        refused += 1
        raise CallFailed(Reject("a partner with posted invoices cannot be deleted"))

    monkeypatch.setattr(crm, "erase", refuses)
    for customer in customers:
        await wants(stage, customer, Wanted.ERASED)
        await stage.drain()
    await stage.later(days=1)
    await stage.settle()

    state = await stage.state(alice)
    assert (state["status"], state["last_error"]) == ("parked", "a partner with posted invoices cannot be deleted")
    assert refused == 6, "the same is not tried again"
    gate = await stage.one("SELECT open_until FROM portal.connector_gate WHERE connector = %s", stage.line.name)
    assert gate["open_until"] is None, "the CRM is well"
    assert await confirmed(stage, alice) == {Wanted.ERASED: False}
    assert not await skip(stage.stores.staff.database, stage.line.name, alice, actor=OPERATOR), "not an erasure"

    monkeypatch.setattr(crm, "erase", erase)
    assert await retry(stage.stores.staff.database, stage.line.name, alice, actor=OPERATOR, ahead=stage.line.ahead)
    await stage.settle()
    assert await confirmed(stage, alice) == {Wanted.ERASED: True}


async def test_an_erasure_again_that_fails_is_tried_again_later_and_not_at_once(
    stage: Stage, crm: RemoteCrm, alice: UUID
) -> None:
    await wants(stage, alice, Wanted.ERASED)
    await stage.settle()
    crm.broken = ConnectionRefusedError()
    await stage.later(seconds=61)
    assert await stage.drain() == 1
    assert await stage.drain() == 0, "it has its pause"

    crm.broken = None
    await stage.later(minutes=1)
    await stage.settle()
    state = await stage.state(alice)
    assert (state["status"], state["last_error"]) == ("erased", None)


async def test_it_needs_no_key_any_more(stage: Stage, crm: RemoteCrm, alice: UUID, own_url: URL) -> None:
    as_administrator(own_url, "DELETE FROM keys.customer_key WHERE customer_id = %s", alice)
    await wants(stage, alice, Wanted.ERASED)
    await stage.settle()
    assert await confirmed(stage, alice) == {Wanted.ERASED: True}


async def test_a_restriction_is_shown_and_lifted(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    await wants(stage, alice, Wanted.RESTRICTED)
    await stage.settle()
    assert crm.contacts[alice].restricted
    assert await confirmed(stage, alice) == {Wanted.RESTRICTED: True}

    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    assert crm.contacts[alice].restricted

    await wants(stage, alice, Wanted.RECORD)
    await stage.settle()
    assert not crm.contacts[alice].restricted
    assert await journal(stage, alice) == [
        "restricted_wanted",
        "restricted_confirmed",
        "record_wanted",
        "record_confirmed",
    ]


async def test_at_the_desk_it_is_seen(own_stores: Stores) -> None:
    stage = await a_stage(own_stores, EmbeddedCrm(own_stores.worker.database))
    alice = (await a_customer(own_stores.worker)).record.id
    await stage.settle()
    assert not (await stage.sees(alice)).restricted

    await wants(stage, alice, Wanted.RESTRICTED)
    await stage.settle()
    assert (await stage.sees(alice)).restricted

    await wants(stage, alice, Wanted.RECORD)
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    assert not (await stage.sees(alice)).restricted


async def test_a_restriction_that_comes_while_a_push_is_under_way_is_pushed_next(
    stage: Stage, crm: RemoteCrm, alice: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    push = crm.push

    async def meanwhile(batch: object) -> object:
        monkeypatch.setattr(crm, "push", push)
        await wants(stage, alice, Wanted.RESTRICTED)
        return await push(batch)  # type: ignore[arg-type]

    monkeypatch.setattr(crm, "push", meanwhile)
    await stage.says(alice, {"profile/language": "de"})
    await stage.drain()
    assert await confirmed(stage, alice) == {Wanted.RESTRICTED: False}
    await stage.settle()
    assert await confirmed(stage, alice) == {Wanted.RESTRICTED: True}
