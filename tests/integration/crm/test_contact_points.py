"""The whole way, with the real engine and CRMs that are reached over HTTP: who corrects an address there corrects it
here, and nobody is overruled in silence."""

from uuid import UUID

import pytest

from portal.audit.entry import ActorKind, Diff
from portal.mail.kinds import TASK
from portal.record.models import ContactPoint, System
from portal.sync.inbound import NOT_KEPT
from tests.builders import a_contact_point, a_customer
from tests.conformance.subject import NAME, Subject
from tests.integration.crm.test_other_crms import stage, subject
from tests.integration.sync_stage import Stage

__all__ = ["stage", "subject"]

OLD, NEW, THIRD = "alice@example.com", "alice@example.net", "alice@example.org"
PHONE = "+442079460018"
LETTERS = """
    SELECT args->>'kind' AS kind, args->>'point' AS point FROM jobs.procrastinate_jobs
    WHERE task_name = %s AND args->>'customer' = %s"""


@pytest.fixture
async def alice(stage: Stage) -> UUID:
    """A customer who is in the CRM already, with two ways to reach her."""
    values = a_contact_point("email", OLD, rank=1) | a_contact_point("phone", PHONE, rank=2)
    stored = await a_customer(stage.stores.worker, values=values, language="en")
    await stage.settle()
    return stored.record.id


async def email(stage: Stage, customer: UUID) -> ContactPoint:
    [found] = [p for p in (await stage.record(customer)).contact_points if p.system is System.EMAIL]
    return found


async def there(subject: Subject, customer: UUID, field: str) -> object:
    contact = await subject.there(customer)
    assert contact is not None
    return contact.fields.get(field)


@pytest.fixture
def field(stage: Stage) -> str:
    """What the CRM calls the first e-mail address."""
    [name] = stage.line.points
    return name


async def test_a_corrected_address_arrives_as_the_change_of_that_contact_point(
    stage: Stage, subject: Subject, alice: UUID
) -> None:
    before = await email(stage, alice)
    await subject.correct(alice, NEW)
    await stage.settle()

    point, stored = await email(stage, alice), await stage.stored(alice)
    assert (point.id, point.value, point.use, point.rank) == (before.id, NEW, before.use, before.rank)
    assert point.said is not None and point.said.via == f"crm:{NAME}", "it says where it comes from"
    entry = stored.recent[0].entry
    assert (entry.action, entry.actor.kind) == ("contact_point:merged", ActorKind.SYSTEM)
    assert entry.diffs == (Diff(f"contact_points/{point.id}/value", OLD, NEW),)


async def test_the_address_that_was_there_is_told(stage: Stage, subject: Subject, alice: UUID) -> None:
    point = await email(stage, alice)
    await subject.correct(alice, NEW)
    await stage.settle()
    assert await stage.all(LETTERS, TASK, str(alice)) == [{"kind": "address_changed", "point": str(point.id)}]


async def test_nobody_plays_ping_pong_with_it(stage: Stage, subject: Subject, alice: UUID, field: str) -> None:
    await subject.correct(alice, NEW)
    await stage.settle()
    version = (await stage.record(alice)).seq
    await stage.says(alice, {"profile/language": "de"})
    await stage.later(hours=1)
    await stage.settle()

    assert await there(subject, alice, field) == NEW, "the next push does not put the old one back"
    assert (await stage.record(alice)).seq == version + 1
    assert (await stage.state(alice))["status"] == "synced"


async def test_where_both_changed_it_the_customers_word_stands_and_both_are_in_the_log(
    stage: Stage, subject: Subject, alice: UUID, field: str
) -> None:
    point = await email(stage, alice)
    await subject.correct(alice, NEW)
    await stage.says(alice, {f"contact_points/{point.id}/value": THIRD}, action="contact_point:changed")
    await stage.settle()

    assert (await email(stage, alice)).value == await there(subject, alice, field) == THIRD
    told = (await stage.stored(alice)).recent[0].entry.evidence.personal
    assert told[f"{NOT_KEPT}contact_points/{point.id}/value"] == NEW
    contact = await subject.there(alice)
    assert contact is not None and any(NEW in line for line in contact.timeline), "and the agent is shown it"


async def test_an_emptied_field_is_filled_again_and_that_is_in_the_log(
    stage: Stage, subject: Subject, alice: UUID, field: str
) -> None:
    point = await email(stage, alice)
    await subject.correct(alice, None)
    await stage.settle()

    assert (await email(stage, alice)).value == await there(subject, alice, field) == OLD
    entry = (await stage.stored(alice)).recent[0].entry
    assert (entry.diffs, entry.evidence.personal[f"{NOT_KEPT}contact_points/{point.id}/value"]) == ((), "null")
    assert await stage.all(LETTERS, TASK, str(alice)) == []


async def test_what_is_no_address_is_parked_and_overwritten_by_nobody(
    stage: Stage, subject: Subject, alice: UUID, field: str
) -> None:
    await subject.correct(alice, "ask her mother")
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    assert ((await stage.state(alice))["status"], await there(subject, alice, field)) == ("parked", "ask her mother")

    await subject.correct(alice, NEW)
    await stage.settle()

    assert (await email(stage, alice)).value == await there(subject, alice, field) == NEW
    assert (await stage.state(alice))["status"] == "synced"


async def test_an_address_in_an_empty_field_is_one_more_way_to_reach_them(
    stage: Stage, subject: Subject, field: str
) -> None:
    values = a_contact_point("phone", PHONE, rank=1)
    bob = (await a_customer(stage.stores.worker, values=values, given_name="Bob", language="en")).record.id
    await stage.settle()
    await subject.correct(bob, "bob@example.com")
    await stage.settle()

    points = (await stage.record(bob)).contact_points
    assert [(p.system, p.value) for p in points] == [("phone", PHONE), ("email", "bob@example.com")]
    assert await there(subject, bob, field) == "bob@example.com"
