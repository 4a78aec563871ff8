"""A worker does what was put off: at least once, whatever happens to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString

import psycopg
import pytest
from sqlalchemy import URL

from portal.db.database import Database
from portal.jobs import housekeeping, worker
from portal.jobs.task import Hopeless, NotNow, Order, Task
from portal.record.read import StoredRecord
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.jobs.looking import a_change_with, jobs_of, once, until, until_none_waits


@pytest.fixture
async def alice(own: Stores) -> StoredRecord:
    return await a_customer(own.worker, given_name="Alice", family_name="Marsh")


@asynccontextmanager
async def working(database: Database, task: Task, *, name: str = "noted") -> AsyncIterator[asyncio.Event]:
    """A worker for the length of the block, which then ends in good order."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run({name: task}, database, stop, look=0.05))
        try:
            yield stop
        finally:
            stop.set()


async def test_each_job_is_done_and_gone(own: Stores, alice: StoredRecord) -> None:
    done: list[Order] = []

    async def note(order: Order) -> None:
        done.append(order)

    for colour in ("blue", "red"):
        await a_change_with(own.customer, alice, once("noted", colour=colour))
    async with working(own.worker.database, note):
        await until_none_waits(own.worker.database)

    assert sorted(order.args["colour"] for order in done) == ["blue", "red"]
    assert {order.customer_id for order in done} == {alice.record.id}
    assert len({order.id for order in done}) == 2
    assert await jobs_of(own.worker.database) == []


async def test_many_workers_share_the_jobs(own: Stores, alice: StoredRecord) -> None:
    done: list[int] = []

    async def note(order: Order) -> None:
        await asyncio.sleep(0)
        done.append(order.seq)

    for _ in range(20):
        await a_change_with(own.staff, alice, once())
    database = own.worker.database
    async with working(database, note), working(database, note), working(database, note):
        await until_none_waits(database)

    assert len(done) == 20
    assert len(set(done)) == 20


async def test_what_fails_is_tried_again_and_says_why(
    own: Stores, alice: StoredRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    async def note(order: Order) -> None:
        tried.append(str(order.id))
        if len(tried) == 1:
            raise NotNow("the server answers 451")

    await a_change_with(own.staff, alice, once())
    async with working(own.worker.database, note):
        await until(lambda: len(tried) == 1)
        await asyncio.sleep(0.2)
        [job] = await jobs_of(own.worker.database)
        assert (job["status"], job["attempts"], job["why"]) == ("todo", 1, "the server answers 451")
        # Nobody waits five seconds here.
        await own.worker.database.fetch_all("UPDATE jobs.procrastinate_jobs SET scheduled_at = NULL")
        await until_none_waits(own.worker.database)

    assert tried[0] == tried[1], "the second attempt is at the same job"
    assert await jobs_of(own.worker.database) == []


async def test_what_is_hopeless_is_kept_for_a_person(own: Stores, alice: StoredRecord) -> None:
    async def note(_order: Order) -> None:
        raise Hopeless("refused: 550 5.1.1")

    await a_change_with(own.staff, alice, once())
    async with working(own.worker.database, note):
        await until_none_waits(own.worker.database)

    [job] = await jobs_of(own.worker.database)
    assert (job["status"], job["attempts"], job["why"]) == ("failed", 1, "refused: 550 5.1.1")


@pytest.mark.asvs("16.2.5")
async def test_what_an_exception_says_is_not_kept(own: Stores, alice: StoredRecord) -> None:
    async def stumble(_order: Order) -> None:
        raise ZeroDivisionError("alice@example.com")

    await a_change_with(own.staff, alice, once())
    async with asyncio.timeout(10), working(own.worker.database, stumble):
        while not (await jobs_of(own.worker.database))[0]["why"]:
            await asyncio.sleep(0.02)

    assert [job["why"] for job in await jobs_of(own.worker.database)] == ["ZeroDivisionError"]


async def test_a_worker_that_is_told_to_stop_gives_back_what_it_cannot_finish(
    own: Stores, alice: StoredRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "PATIENCE_SECONDS", 0.1)
    began = asyncio.Event()

    async def hang(_order: Order) -> None:
        began.set()
        await asyncio.Event().wait()

    await a_change_with(own.staff, alice, once())
    async with asyncio.timeout(5), working(own.worker.database, hang):
        await began.wait()

    [job] = await jobs_of(own.worker.database)
    assert job["status"] == "todo"
    done: list[Order] = []

    async def note(order: Order) -> None:
        done.append(order)

    async with working(own.worker.database, note):
        await until_none_waits(own.worker.database)
    assert len(done) == 1


async def test_a_worker_that_is_told_to_stop_finishes_what_is_nearly_done(own: Stores, alice: StoredRecord) -> None:
    began, done = asyncio.Event(), asyncio.Event()

    async def note(_order: Order) -> None:
        began.set()
        await asyncio.sleep(0.3)
        done.set()

    await a_change_with(own.staff, alice, once())
    async with working(own.worker.database, note):
        await began.wait()

    assert done.is_set()
    assert await jobs_of(own.worker.database) == []


async def test_what_a_killed_worker_had_begun_is_begun_anew(own: Stores, alice: StoredRecord) -> None:
    database = own.worker.database
    await a_change_with(own.staff, alice, once())
    await a_change_with(own.staff, alice, once())
    for seconds in (3600, 0):
        await database.fetch_all(
            "INSERT INTO jobs.procrastinate_workers (last_heartbeat) VALUES (now() - make_interval(secs => %s))",
            [seconds],
        )
    workers = await database.fetch_all("SELECT id FROM jobs.procrastinate_workers ORDER BY last_heartbeat")
    dead, living = (row["id"] for row in workers)
    first, second = (row["id"] for row in await jobs_of(database))
    for job, by in ((first, dead), (second, living)):
        await database.fetch_all(
            "UPDATE jobs.procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", [by, job]
        )

    assert await housekeeping.tidy(database, gone_seconds=40) == 1
    assert await housekeeping.tidy(database, gone_seconds=40) == 0

    left, right = await jobs_of(database)
    assert (left["status"], left["attempts"], left["why"]) == ("todo", 1, "the worker that did it is gone")
    assert (right["status"], right["attempts"]) == ("doing", 0)


async def test_a_job_that_kills_every_worker_is_given_up(own: Stores, alice: StoredRecord) -> None:
    database = own.worker.database
    await a_change_with(own.staff, alice, once())
    await database.fetch_all("UPDATE jobs.procrastinate_jobs SET status = 'doing', attempts = 35")

    await housekeeping.tidy(database, gone_seconds=40)

    [job] = await jobs_of(database)
    assert (job["status"], job["attempts"]) == ("failed", 36)


async def test_a_worker_leaves_alone_what_it_has_not_heard_of(own: Stores, alice: StoredRecord) -> None:
    async def note(_order: Order) -> None:
        return

    await a_change_with(own.staff, alice, once("of_a_newer_version"))
    await a_change_with(own.staff, alice, once("noted"))
    async with working(own.worker.database, note):
        while len(await jobs_of(own.worker.database)) > 1:
            await asyncio.sleep(0.02)

    [job] = await jobs_of(own.worker.database)
    assert (job["task_name"], job["status"]) == ("of_a_newer_version", "todo")


async def test_a_worker_outlives_its_connections(
    own: Stores, alice: StoredRecord, cluster: str, empty_database: URL
) -> None:
    done: list[Order] = []

    async def note(order: Order) -> None:
        done.append(order)

    async with working(own.worker.database, note):
        await asyncio.sleep(0.2)
        with psycopg.connect(cluster, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'portal_worker' AND datname = %s",  # other tests have workers of their own
                [empty_database.database],
            )
        await a_change_with(own.staff, alice, once())
        await until(lambda: len(done) == 1)


async def test_a_worker_whose_heartbeat_fails_begins_anew(
    own: Stores, empty_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would go on without one, and all that it does would look left behind."""
    monkeypatch.setattr(worker, "BEAT_SECONDS", 0.1)
    database = own.worker.database

    async def note(_order: Order) -> None:
        return

    async def workers() -> set[int]:
        return {row["id"] for row in await database.fetch_all("SELECT id FROM jobs.procrastinate_workers")}

    def as_admin(statement: LiteralString) -> None:
        url = empty_database.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(statement)

    async with asyncio.timeout(20), working(database, note):
        while not (before := await workers()):
            await asyncio.sleep(0.02)
        as_admin("REVOKE UPDATE ON jobs.procrastinate_workers FROM portal_worker")
        while await workers() == before:
            await asyncio.sleep(0.02)
        as_admin("GRANT UPDATE ON jobs.procrastinate_workers TO portal_worker")


async def test_a_worker_keeps_nothing_in_its_sessions(own: Stores, alice: StoredRecord) -> None:
    """As with PgBouncer in transaction mode, which lends another connection for each statement."""
    database = own.worker.database
    done: list[Order] = []

    async def forget(connection: psycopg.AsyncConnection[object]) -> None:
        await connection.execute("DISCARD ALL")

    async def note(order: Order) -> None:
        done.append(order)

    database.pool._reset = forget
    await a_change_with(own.staff, alice, once())
    async with working(database, note):
        await until_none_waits(database)

    assert len(done) == 1


async def test_nobody_is_notified(own: Stores, alice: StoredRecord) -> None:
    """A NOTIFY takes a lock that all commits of a database share."""
    async with await psycopg.AsyncConnection.connect(
        str(own.worker.database.pool.conninfo), autocommit=True
    ) as listening:
        await listening.execute("LISTEN procrastinate_any_queue_v1")
        await a_change_with(own.staff, alice, once())
        assert [n async for n in listening.notifies(timeout=0.2)] == []
