"""How each CRM has been doing, written down every few seconds for the operators' page; and forgetting it again."""

from datetime import timedelta
from pathlib import Path

from portal.db.database import Database

SAMPLE = Path(__file__).with_name("sample.sql").read_text(encoding="utf-8")
EVERY = timedelta(seconds=10)

FORGET = (
    "DELETE FROM portal.sync_sample WHERE at < clock_timestamp() - interval '1 day'",
    # Longer than any CRM goes on sending an event.
    "DELETE FROM portal.inbox WHERE at < clock_timestamp() - interval '30 days'",
)


async def sample(database: Database) -> None:
    """Write down how the CRMs are doing, unless somebody else has just done so."""
    await database.fetch_all(SAMPLE, {"every": EVERY})


async def forget(database: Database) -> None:
    """Remove what is too old to be drawn, or to come again."""
    for statement in FORGET:
        await database.fetch_all(statement)
