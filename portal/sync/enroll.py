"""Giving every customer a row for every connector: also those who were there before the connector was."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Executable, and_, column, func, or_, table
from sqlalchemy.dialects.postgresql import insert

from portal.db.database import Database
from portal.sync.line import Line
from portal.work import transaction

BATCH = 1_000

CONNECTOR = table("connector", column("name"), column("label"), schema="portal")
GATE = table(
    "connector_gate",
    *map(column, ("connector", "rate_calls", "rate_seconds", "tokens", "filled_at", "remaining_of")),
    schema="portal",
)
ENROLL = Path(__file__).with_name("enroll.sql").read_text(encoding="utf-8")


async def register(database: Database, lines: Sequence[Line]) -> None:
    """Make the connectors known, so that from now on each change is due for them."""
    wanted = insert(CONNECTOR).values([{"name": line.name, "label": line.connector.label} for line in lines])
    label = wanted.excluded.label
    async with transaction(database) as connection:
        await connection.execute(
            wanted.on_conflict_do_update(
                index_elements=["name"], set_={"label": label}, where=CONNECTOR.c.label != label
            )
        )
        for line in lines:
            await connection.execute(_gate(line))


def _gate(line: Line) -> Executable:
    """Its budget as the connector knows it: full at first, and as full as it was while the rate stays the same. What
    the CRM itself has said of it stands."""
    rate = line.connector.caps.rate
    calls, seconds = (rate.calls, rate.seconds) if rate else (None, None)
    wanted = insert(GATE).values(
        connector=line.name, rate_calls=calls, rate_seconds=seconds, tokens=calls, filled_at=func.now()
    )
    new = wanted.excluded
    return wanted.on_conflict_do_update(
        index_elements=["connector"],
        set_={name: new[name] for name in ("rate_calls", "rate_seconds", "tokens", "filled_at")},
        where=or_(
            and_(GATE.c.remaining_of.is_(None), GATE.c.rate_calls.is_distinct_from(new.rate_calls)),
            GATE.c.rate_seconds.is_distinct_from(new.rate_seconds),
        ),
    )


async def enroll(line: Line, stop: asyncio.Event) -> int:
    """Mark customers without a row as due, batch by batch; gives how many customers were gone through."""
    total = 0
    while not stop.is_set():
        row = await line.store.database.fetch_one(ENROLL, {"connector": line.name, "batch": BATCH, "ahead": line.ahead})
        assert row is not None
        if row["customers"] == 0:
            break
        total += row["customers"]
    return total
