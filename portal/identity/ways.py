"""The ways in which a customer can log in: which accounts, at which providers, since when, and when last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from portal.db.database import Database, Row
from portal.identity.accounts import Account
from portal.identity.provider import Provider

WAYS = "SELECT * FROM portal.ways_v1(%s)"


@dataclass(frozen=True, slots=True)
class Way:
    """One login. `provider` is what people call the provider; `linked_at` and `used_at` may be unknown."""

    id: UUID
    provider: str
    account: Account
    linked_at: datetime | None
    used_at: datetime | None


async def ways(database: Database, customer_id: UUID, providers: Iterable[Provider]) -> list[Way]:
    """All of them, the oldest first.

    Args:
        database: as the customer or as staff.
        providers: those of the settings, for how they are called in the current language.
    """
    known = list(providers)
    return [_way(row, known) for row in await database.fetch_all(WAYS, [customer_id], retry=True)]


def _way(row: Row, providers: list[Provider]) -> Way:
    """A provider that has left the settings is told by its host."""
    known = next((p for p in providers if row["provider"] in (None, p.name) and p.issuer == row["issuer"]), None)
    account = Account(
        provider=row["provider"] or (known.name if known else ""),
        issuer=row["issuer"],
        subject=row["subject"],
        name=row["account"] or row["subject"],
        email=row["verified_email"],
        email_verified=row["verified_email"] is not None,
    )
    label = known.label if known else urlsplit(row["issuer"]).hostname or row["issuer"]
    return Way(row["id"], label, account, row["linked_at"], row["used_at"])
