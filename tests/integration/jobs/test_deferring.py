"""Jobs are put off with the change that they belong to: all or nothing, once, and by nobody who may not."""

from uuid import uuid4

import psycopg
import pytest

from portal.audit.cipher import Undecipherable
from portal.record.change import Changed, Conflicted, Duplicate, Intention, Unchanged, change, create
from portal.record.job import Job, unsealed
from portal.record.models import Record
from portal.record.read import StoredRecord
from tests.builders import SYSTEM, a_number, the_customer
from tests.conftest import Stores
from tests.integration.jobs.looking import a_change_with, jobs_of, once


async def test_a_change_puts_its_jobs_off(stores: Stores, alice: StoredRecord) -> None:
    outcome = await a_change_with(stores.customer, alice, once("noted", colour="blue"))

    assert isinstance(outcome, Changed)
    [job] = await jobs_of(stores.worker.database, alice)
    assert (job["task_name"], job["queue_name"], job["status"]) == ("noted", "noted", "todo")
    assert job["args"]["customer"] == str(alice.record.id)
    assert job["args"]["seq"] == outcome.entry.seq
    assert job["args"]["colour"] == "blue"


async def test_a_job_knows_the_record_before_the_change(stores: Stores, alice: StoredRecord) -> None:
    def jobs(record: Record) -> list[Job]:
        return [Job("noted", {"was": str(record.profile["given_name"])})]

    intention = Intention("profile:changed", SYSTEM, uuid4(), jobs=jobs)
    await change(stores.staff, alice.record.id, intention, {"profile/given_name": "Alina"})

    [job] = await jobs_of(stores.worker.database, alice)
    assert job["args"]["was"] == "Alice"


async def test_the_first_change_of_a_record_can_have_jobs(stores: Stores) -> None:
    intention = Intention(
        "customer:created", SYSTEM, uuid4(), jobs=lambda record: [Job("noted", {"seq_of": record.seq})]
    )
    carol = await create(stores.worker, a_number(), intention, {"profile/given_name": "Carol"})

    [job] = await jobs_of(stores.worker.database, carol)
    assert (job["args"]["seq"], job["args"]["seq_of"]) == (1, 1)


async def test_the_same_request_again_puts_nothing_off(stores: Stores, alice: StoredRecord) -> None:
    intention = Intention("profile:changed", the_customer(alice.record.id), uuid4(), jobs=once())
    first = await change(stores.customer, alice.record.id, intention, {"profile/call_me": "Al"})
    again = await change(stores.customer, alice.record.id, intention, {"profile/call_me": "Ally"})

    assert isinstance(first, Changed)
    assert isinstance(again, Duplicate)
    assert len(await jobs_of(stores.worker.database, alice)) == 1


async def test_what_changes_nothing_puts_nothing_off(stores: Stores, alice: StoredRecord) -> None:
    outcome = await a_change_with(stores.staff, alice, once(), call_me=None)
    assert isinstance(outcome, Changed)
    said = outcome.stored.record.profile["call_me"]

    assert isinstance(await a_change_with(stores.staff, alice, once(), call_me=str(said)), Unchanged)
    assert len(await jobs_of(stores.worker.database, alice)) == 1


async def test_a_conflict_puts_nothing_off(stores: Stores, alice: StoredRecord) -> None:
    seen = alice.record.seq
    await change(
        stores.staff, alice.record.id, Intention("profile:changed", SYSTEM, uuid4()), {"profile/call_me": "One"}
    )
    late = Intention("profile:changed", the_customer(alice.record.id), uuid4(), seen, jobs=once())

    outcome = await change(stores.customer, alice.record.id, late, {"profile/call_me": "Two"})

    assert isinstance(outcome, Conflicted)
    assert await jobs_of(stores.worker.database, alice) == []


async def test_a_job_that_cannot_be_put_off_undoes_the_change(stores: Stores, alice: StoredRecord) -> None:
    with pytest.raises(psycopg.Error):
        await a_change_with(stores.customer, alice, once("x" * 500))

    row = await stores.worker.database.fetch_one("SELECT seq FROM portal.customer WHERE id = %s", [alice.record.id])
    assert row == {"seq": alice.record.seq}


async def test_what_is_secret_in_a_job_is_sealed_under_the_customers_key(
    stores: Stores, alice: StoredRecord, bob: StoredRecord
) -> None:
    job = Job("noted", secret={"code": "correct-horse"})
    await a_change_with(stores.staff, alice, lambda _: [job])

    [kept] = await jobs_of(stores.worker.database, alice)
    assert "correct-horse" not in str(kept["args"])
    secret = unsealed(kept["args"]["secret"], alice.record.id, job.id, alice.key)
    assert secret == {"code": "correct-horse"}
    with pytest.raises(Undecipherable):
        unsealed(kept["args"]["secret"], alice.record.id, uuid4(), alice.key)


@pytest.mark.asvs("13.2.2")
@pytest.mark.parametrize("role", ["customer", "staff"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM jobs.procrastinate_jobs",
        "INSERT INTO jobs.procrastinate_jobs (queue_name, task_name) VALUES ('mail', 'mail')",
        "UPDATE jobs.procrastinate_jobs SET status = 'succeeded'",
        "DELETE FROM jobs.procrastinate_jobs",
        "SELECT * FROM jobs.procrastinate_fetch_job_v2(NULL, 1)",
        "SELECT * FROM jobs.failure",
    ],
)
async def test_the_web_process_can_put_jobs_off_and_nothing_else(stores: Stores, role: str, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await getattr(stores, role).database.fetch_all(statement)


@pytest.mark.asvs("8.2.2")
async def test_a_customers_statement_puts_off_jobs_of_that_customer_alone(
    stores: Stores, alice: StoredRecord, bob: StoredRecord
) -> None:
    statement = """
        WITH bound AS MATERIALIZED (SELECT set_config('portal.customer_id', %s, true))
        SELECT jobs.defer_v1(%s, 1, '[{"task": "noted", "args": {}}]') FROM bound"""
    database = stores.customer.database
    await database.fetch_all(statement, [str(alice.record.id), alice.record.id])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await database.fetch_all(statement, [str(alice.record.id), bob.record.id])

    assert await jobs_of(stores.worker.database, bob) == []
