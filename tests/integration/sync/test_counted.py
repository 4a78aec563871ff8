"""What a pass costs, in counts that are the same on every machine."""

import asyncio
import time

import pytest

from portal import clock
from portal.clock import Clock
from portal.db.database import Database, Params, Role, Row
from portal.sync.drain import keep_up
from portal.sync.line import LOOK_BACK_SECONDS
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.sync_stage import Stage

OF_THE_ENGINE = ("sync_claim_", "sync_read_", "WITH present AS")
OF_THE_CRM = ("crm.push_",)

LATE = """
    UPDATE portal.sync_state SET push_due_at = clock_timestamp() - interval '1 hour'
    WHERE customer_id = (
        SELECT customer_id FROM portal.sync_state WHERE push_due_at IS NULL AND customer_id = ANY(%s) LIMIT 1)
    RETURNING customer_id"""
MAY = "SELECT has_table_privilege(%s, %s, %s) AS may"
REFERS = """
    SELECT confrelid::regclass::text AS refers FROM pg_constraint
    WHERE conrelid = 'portal.sync_state'::regclass AND contype = 'f'"""


class Later(Clock):
    """So many seconds from now."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def monotonic(self) -> float:
        return time.monotonic() + self._seconds


@pytest.mark.parametrize("customers", [1, 7])
async def test_a_pass_takes_three_statements_however_many_it_brings(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, customers: int
) -> None:
    for _ in range(customers):
        await a_customer(stage.stores.worker)
    run: list[str] = []
    as_ever = Database._run

    async def noted(database: Database, sql: str, params: Params, binary: bool) -> list[Row]:
        run.append(sql)
        return await as_ever(database, sql, params, binary)

    monkeypatch.setattr(Database, "_run", noted)

    assert await stage.drain() == customers

    ours = [sql for sql in run if any(name in sql for name in OF_THE_ENGINE)]
    theirs = [sql for sql in run if any(name in sql for name in OF_THE_CRM)]
    assert len(ours) == 3
    assert len(run) == len(ours) + len(theirs)


async def test_several_batches_are_under_way_while_one_was_full(stage: Stage) -> None:
    stage.line.batch = 2
    people = [(await a_customer(stage.stores.worker)).record for _ in range(5)]

    passes = [await keep_up(stage.line, asyncio.Event()) for _ in range(2)]

    assert passes == [5, 0]
    for person in people:
        assert (await stage.sees(person.id)).record.seq == person.seq


async def test_what_is_due_from_before_is_found_while_whoever_drains_looks_no_further_back(stage: Stage) -> None:
    stage.line.batch = 2
    people = [(await a_customer(stage.stores.worker)).record.id for _ in range(4)]
    assert await stage.drain() == 2
    assert stage.line.worked_off.through is not None, "and so the next claim begins there"

    late = await stage.stores.worker.database.fetch_all(LATE, [people])
    assert len(late) == 1, "a change whose transaction took its time"

    assert [await stage.drain() for _ in range(3)] == [2, 1, 0]


async def test_whoever_drains_for_a_while_looks_back_now_and_then(stage: Stage) -> None:
    stage.line.batch = 2
    for _ in range(2):
        await a_customer(stage.stores.worker)
    assert await stage.drain() == 2
    assert stage.line.worked_off.through is not None

    with clock.replaced(Later(LOOK_BACK_SECONDS)):
        assert stage.line.worked_off.through is None


async def test_nobody_who_serves_can_take_away_what_a_delivery_is_of(stores: Stores) -> None:
    for table in ("customer", "connector", "sync_state"):
        for role in (Role.CUSTOMER, Role.STAFF, Role.WORKER):
            for privilege in ("DELETE", "TRUNCATE"):
                row = await stores.worker.database.fetch_one(MAY, [role.user, f"portal.{table}", privilege])
                assert row == {"may": False}, (table, role, privilege)
    refers = await stores.worker.database.fetch_all(REFERS)
    assert {row["refers"] for row in refers} == {"portal.customer", "portal.connector"}
