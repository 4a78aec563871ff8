"""Where somebody is logged in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.db.database import Database

LIST = "SELECT id, provider, user_agent, created_at, seen_at, time_zone FROM portal.session_list_v1(%s, %s)"


@dataclass(frozen=True, slots=True)
class Device:
    """A login that is still good: since when, when it was last used (to the minute), by which browser, and the name of
    the provider that vouched for it; and the zone in which its customer is told times."""

    id: UUID
    provider: str
    user_agent: str
    created_at: datetime
    seen_at: datetime
    time_zone: str | None


async def devices_of(database: Database, *, customer_id: UUID | None, staff_id: UUID | None) -> list[Device]:
    """Those of a customer or of one of the staff, the last used first."""
    return [Device(**row) for row in await database.fetch_all(LIST, [customer_id, staff_id], retry=True)]
