"""What a pass costs, in counts that are the same on every machine."""

import pytest

from portal.db.database import Database, Params, Row
from portal.sync.drain import keep_up
from tests.builders import a_customer
from tests.integration.sync_stage import Stage

OF_THE_ENGINE = ("sync_claim_", "sync_read_", "WITH present AS")
OF_THE_CRM = ("crm.push_",)


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

    passes = [await keep_up(stage.line) for _ in range(3)]

    assert passes == [2, 3, 0]
    for person in people:
        assert (await stage.sees(person.id)).record.seq == person.seq
