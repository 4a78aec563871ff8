"""Giving every customer a row for every connector: also those who were there before the connector was."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from portal.db.database import Database
from portal.sync.line import Line

BATCH = 1_000

REGISTER = """
    INSERT INTO portal.connector AS o (name, label) SELECT * FROM unnest(%s::text[], %s::text[])
    ON CONFLICT (name) DO UPDATE SET label = excluded.label WHERE o.label <> excluded.label"""
ENROLL = Path(__file__).with_name("enroll.sql").read_text(encoding="utf-8")


async def register(database: Database, lines: Sequence[Line]) -> None:
    """Make the connectors known, so that from now on each change is due for them."""
    await database.fetch_all(REGISTER, [[line.name for line in lines], [line.connector.label for line in lines]])


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
