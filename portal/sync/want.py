"""Erasure and restriction on their way into every CRM, and how far they have come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.db.database import Database
from portal.sync.state import Wanted

WANT = "SELECT connector FROM portal.sync_want_v1(%s, %s, %s, %s)"
CONFIRMATIONS = """
    SELECT s.connector, o.label, s.wanted, s.wanted_at, s.confirmed_at, s.last_error AS says,
        s.confirmed_at IS NULL AND s.status = 'parked' AND s.push_due_at IS NULL AS refused
    FROM portal.sync_state s JOIN portal.connector o ON o.name = s.connector
    WHERE s.customer_id = %s AND s.wanted_at IS NOT NULL ORDER BY o.label"""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How far one CRM is.

    Attributes:
        confirmed_at: when it had done as wanted; None while that is not known.
        says: what went wrong last, in its own words or the engine's.
        refused: it does not, and is not asked again until a person says so.
    """

    connector: str
    label: str
    wanted: Wanted
    wanted_at: datetime
    confirmed_at: datetime | None
    says: str | None
    refused: bool

    @property
    def open(self) -> bool:
        """Whether its answer is still awaited."""
        return self.confirmed_at is None and not self.refused


async def want(
    database: Database, customer: UUID, wanted: Wanted, *, actor: str, ahead: timedelta = timedelta(0)
) -> Sequence[str]:
    """Have every CRM forget a customer, show that processing is restricted, or no longer show it.

    Gives the CRMs for which that is new; those that were to forget somebody have nothing new to do, ever.
    """
    rows = await database.fetch_all(WANT, [customer, wanted.value, actor, ahead])
    return [row["connector"] for row in rows]


async def confirmations(database: Database, customer: UUID) -> Sequence[Confirmation]:
    """What each CRM has confirmed: whom a controller has told, and who has answered (GDPR 19)."""
    rows = await database.fetch_all(CONFIRMATIONS, [customer], retry=True)
    return [Confirmation(**row | {"wanted": Wanted(row["wanted"])}) for row in rows]
