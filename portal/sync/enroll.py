"""Giving every customer a row for every connector: also those who were there before the connector was."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import column, table
from sqlalchemy.dialects.postgresql import insert

from portal.db.database import Database
from portal.sync.line import Line
from portal.work import transaction

BATCH = 1_000

CONNECTOR = table("connector", column("name"), column("label"), schema="portal")
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
