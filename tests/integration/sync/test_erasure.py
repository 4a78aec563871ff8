"""Whoever is erased leaves no work behind: no letter that is still to be sent, no word of a webhook."""

from dataclasses import replace
from uuid import UUID

import pytest

from portal.crm.port import Hint, Ref
from portal.mail import address_mail
from portal.record.change import change
from portal.sync.inbox import arrived
from portal.sync.state import Wanted
from portal.sync.want import want
from tests.builders import SYSTEM, a_customer, an_intention
from tests.conftest import Stores
from tests.integration.sync.remote_crm import RemoteCrm
from tests.integration.sync_stage import Stage, a_stage

JOBS = "SELECT status::text FROM jobs.procrastinate_jobs WHERE args->>'customer' = %s ORDER BY id"
EVENTS = "SELECT event_id FROM portal.inbox WHERE event_id LIKE %s ORDER BY event_id"


@pytest.fixture
async def stage(own_stores: Stores) -> Stage:
    return await a_stage(own_stores, RemoteCrm())


async def a_letter(stage: Stage, customer: UUID, address: str) -> None:
    """Somebody's address changes, and a letter is put off."""
    [point] = [p for p in (await stage.record(customer)).contact_points if p.system == "email"]
    intention = replace(an_intention("contact_point:changed", SYSTEM), jobs=address_mail(point.id, becomes=address))
    await change(stage.stores.staff, customer, intention, {f"contact_points/{point.id}/value": address})


async def is_to_be_erased(stage: Stage, customer: UUID) -> None:
    await want(stage.stores.staff.database, customer, Wanted.ERASED, actor="x", ahead=stage.line.ahead)


async def jobs(stage: Stage, customer: UUID) -> list[str]:
    return [row["status"] for row in await stage.all(JOBS, str(customer))]


async def test_their_letters_and_what_webhooks_told_of_them_go_with_them(stage: Stage, alice: UUID) -> None:
    bob = (await a_customer(stage.stores.worker)).record.id
    await stage.settle()
    for each in (alice, bob):
        await a_letter(stage, each, "new@example.com")
    remote_id = (await stage.state(alice))["remote_id"]
    hints = [Hint("x-1", Ref(remote_id)), Hint("x-2", Ref(None, alice)), Hint("x-3", Ref(None, bob))]
    await arrived(stage.stores.staff.database, "embedded", hints)

    await is_to_be_erased(stage, alice)
    await stage.settle()

    assert (await jobs(stage, alice), await jobs(stage, bob)) == ([], ["todo"])
    assert [row["event_id"] for row in await stage.all(EVENTS, "x-%")] == ["x-3"]


async def test_a_letter_that_is_being_sent_is_not_taken_out_of_anybodys_hands(stage: Stage, alice: UUID) -> None:
    await a_letter(stage, alice, "new@example.com")
    await a_letter(stage, alice, "newer@example.com")
    await stage.all(
        "UPDATE jobs.procrastinate_jobs SET status = 'doing' WHERE id = "
        "(SELECT min(id) FROM jobs.procrastinate_jobs WHERE args->>'customer' = %s)",
        str(alice),
    )
    await is_to_be_erased(stage, alice)
    await stage.settle()
    assert await jobs(stage, alice) == ["doing"]


async def test_what_is_put_off_or_told_after_the_erasure_goes_too(stage: Stage, alice: UUID) -> None:
    await is_to_be_erased(stage, alice)
    await stage.settle()

    await a_letter(stage, alice, "new@example.com")
    await arrived(stage.stores.staff.database, "embedded", [Hint("y-1", Ref(None, alice))])
    await stage.later(seconds=1)
    await stage.settle()

    assert await jobs(stage, alice) == []
    assert await stage.all(EVENTS, "y-%") == []
    crm = stage.line.connector
    assert isinstance(crm, RemoteCrm) and alice not in crm.contacts
    assert (await stage.state(alice))["status"] == "erased"
