"""What happens at the doors is written down, and nobody can fill the disk with it."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from portal.clock import Clock, replaced
from portal.db.database import Row
from portal.identity.security_events import note_event
from tests.conftest import Stores

NOON = datetime(2026, 3, 4, 12, 0, 30, tzinfo=UTC)


class Standing(Clock):
    """A clock that stands still."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


@pytest.fixture
def why() -> str:
    return f"callback: {uuid4()}"


async def events(stores: Stores, why: str) -> list[Row]:
    return await stores.staff.database.fetch_all(
        "SELECT * FROM portal.security_event WHERE facts->>'why' = %s ORDER BY id", [why]
    )


@pytest.mark.asvs("16.3.1")
async def test_the_same_within_a_minute_is_one_row_with_its_number(stores: Stores, why: str) -> None:
    with replaced(Standing(NOON)):
        await asyncio.gather(
            *(note_event(stores.staff.database, "login:failed", provider="main", why=why) for _ in range(20))
        )

    [row] = await events(stores, why)
    assert (row["count"], row["action"], row["facts"]) == (20, "login:failed", {"provider": "main", "why": why})
    assert row["at"] < row["last_at"]


async def test_another_minute_kind_or_fact_is_another_row(stores: Stores, why: str) -> None:
    database = stores.staff.database
    for moment, action, provider in (
        (NOON, "login:failed", "main"),
        (NOON + timedelta(minutes=1), "login:failed", "main"),
        (NOON, "login:refused", "main"),
        (NOON, "login:failed", "shop"),
    ):
        with replaced(Standing(moment)):
            await note_event(database, action, provider=provider, why=why)

    assert [row["count"] for row in await events(stores, why)] == [1, 1, 1, 1]


@pytest.mark.parametrize("change", ["action = 'x'", "facts = '{}'", "at = now()"])
async def test_what_happened_cannot_be_altered(stores: Stores, why: str, change: str) -> None:
    await note_event(stores.staff.database, "login:failed", why=why)

    for store in (stores.staff, stores.worker, stores.customer):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await store.database.fetch_all(f"UPDATE portal.security_event SET {change}")
