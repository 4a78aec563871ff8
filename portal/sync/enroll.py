"""Giving every customer a row for every connector: also those who were there before the connector was."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from portal.db.database import Database
from portal.sync.line import Line

BATCH = 1_000

REGISTER = Path(__file__).with_name("register.sql").read_text(encoding="utf-8")
ENROLL = Path(__file__).with_name("enroll.sql").read_text(encoding="utf-8")


async def register(database: Database, lines: Sequence[Line]) -> None:
    """Make the connectors known, so that from now on each change is due for them."""
    rates = [line.connector.caps.rate for line in lines]
    given = {
        "names": [line.name for line in lines],
        "labels": [line.connector.label for line in lines],
        "calls": [rate and rate.calls for rate in rates],
        "seconds": [rate and rate.seconds for rate in rates],
    }
    await database.fetch_all(REGISTER, given)


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
