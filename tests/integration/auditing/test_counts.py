"""How many changes there are: counted beforehand where that can be, and the same either way."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import URL

from portal import clock
from portal.auditing.counts import SIZE, changes_per_day, mend_counts
from portal.auditing.queries import LogFilter
from portal.catalogue import Catalogue
from portal.record.change import change
from tests.builders import GRACE, a_customer, a_note, an_intention, the_customer
from tests.conftest import Stores, make_settings, open_stores
from tests.integration.sync_stage import as_administrator

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
"""The day before Berlin's clocks go forward."""


class At(clock.Clock):
    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
async def log(empty_database: URL, catalogue: Catalogue) -> AsyncIterator[Stores]:
    """Alice's changes over three days, some at the edges of quarters and of days; a note by Grace on the last."""
    async with open_stores(make_settings(empty_database), catalogue) as stores:
        with clock.replaced(At(NOON)):
            alice = (await a_customer(stores.worker)).record.id
        me = the_customer(alice)
        for number, hours in enumerate((0.25, 10.75, 10.9999, 11, 11.25, 34.5, 35.5)):
            with clock.replaced(At(NOON + timedelta(hours=hours))):
                values: dict[str, Any] = {"profile/call_me": f"n{number}"}
                await change(stores.customer, alice, an_intention("profile:changed", me), values)
        with clock.replaced(At(NOON + timedelta(hours=36))):
            note = a_note("Hello", author_kind="agent", author="Grace Okafor")
            await change(stores.staff, alice, an_intention("note:added", GRACE), note)
        yield stores


async def counted(log: Stores, now: datetime) -> int:
    row = await log.worker.database.fetch_one("SELECT portal.count_changes_v1(%s) AS quarters", [now])
    assert row is not None
    return int(row["quarters"])


async def told(log: Stores, zone: str, **asked: Any) -> dict[str, int]:
    every = LogFilter(after=NOON - timedelta(days=3), before=NOON + timedelta(days=4), **asked)
    return {str(day): number for day, number in (await changes_per_day(log.staff.database, every, zone)).items()}


QUESTIONS: list[dict[str, Any]] = [
    {},
    {"actor": "agent"},
    {"action": "profile"},
    {"actor": "customer", "action": "note"},
]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
async def test_what_was_counted_beforehand_is_what_one_counts(log: Stores, zone: str) -> None:
    live = [await told(log, zone, **question) for question in QUESTIONS]
    size = await log.staff.database.fetch_one(SIZE)

    for hours in (11.2, 30, 60):  # some of it is counted beforehand, then more, then all
        await counted(log, NOON + timedelta(hours=hours))

        assert [await told(log, zone, **question) for question in QUESTIONS] == live
        assert await log.staff.database.fetch_one(SIZE) == size == {"entries": 9, "chains": 1}


async def test_a_quarter_is_counted_when_it_is_over_for_some_minutes_and_once(log: Stores) -> None:
    assert await counted(log, NOON + timedelta(minutes=19)) == 0
    assert await counted(log, NOON + timedelta(minutes=21)) == 1
    assert await counted(log, NOON + timedelta(minutes=21)) == 0
    assert await counted(log, NOON + timedelta(days=3)) == 7


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE portal.change_count SET changes = changes + 1 WHERE at = %s",
        "UPDATE portal.change_count SET chains_through = 0 WHERE at = %s",
        "DELETE FROM portal.change_count WHERE at = %s",
    ],
    ids=["changes", "chains", "left out"],
)
async def test_counts_that_are_not_the_logs_are_told_and_made_anew(
    log: Stores, empty_database: URL, wrong: str
) -> None:
    size = await log.staff.database.fetch_one(SIZE)
    await counted(log, NOON + timedelta(days=3))
    assert await mend_counts(log.worker.database) is None

    evening = NOON + timedelta(hours=10.75)
    as_administrator(empty_database, wrong, evening)

    assert await mend_counts(log.worker.database) == evening
    await counted(log, NOON + timedelta(days=3))
    assert await mend_counts(log.worker.database) is None
    assert await log.staff.database.fetch_one(SIZE) == size


async def test_what_was_counted_is_not_read_again(log: Stores) -> None:
    await counted(log, NOON + timedelta(days=3))

    async with log.staff.database.snapshot() as connection:
        # As the planner decides where there are more than nine.
        await connection.execute("SET LOCAL enable_seqscan = off")
        explained = await connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {SIZE}")
        [(plan,)] = await explained.fetchall()
    assert rows_read(plan[0]["Plan"], "change_record") == 0


def rows_read(plan: dict[str, Any], table: str) -> float:
    """How many rows of a table a plan has looked at."""
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) if plan.get("Relation Name") == table else 0
    return float(own) + sum(rows_read(part, table) for part in plan.get("Plans", ()))
