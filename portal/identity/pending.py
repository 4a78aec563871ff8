"""Accounts of which nobody has said yet whose they are: the queue that agents look through."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal import clock
from portal.db.database import Database, Row
from portal.identity.accounts import Account

SHOWN = 50

# One that was linked at this very moment waits no more.
NOTE = """
INSERT INTO portal.pending_login AS p (
    id, issuer, subject, provider, account, email, email_verified, claimed_number, customer_id)
SELECT %(id)s, %(issuer)s, %(subject)s, %(provider)s, %(name)s, %(email)s, %(verified)s, %(number)s,
    (SELECT c.id FROM portal.customer c WHERE c.number = %(number)s)
WHERE NOT EXISTS (SELECT FROM portal.login l WHERE l.issuer = %(issuer)s AND l.subject = %(subject)s)
ON CONFLICT (issuer, subject) DO UPDATE SET
    provider = excluded.provider, account = excluded.account, email = excluded.email,
    email_verified = excluded.email_verified, claimed_number = excluded.claimed_number,
    customer_id = excluded.customer_id, tries = p.tries + 1, last_seen_at = clock_timestamp()
RETURNING *
"""

QUEUE = """
SELECT * FROM portal.pending_login
WHERE (refused_at IS NOT NULL) = %(refused)s
    AND (%(after)s::uuid IS NULL OR (last_seen_at, id) < (
        SELECT a.last_seen_at, a.id FROM portal.pending_login a WHERE a.id = %(after)s))
ORDER BY last_seen_at DESC, id DESC LIMIT %(limit)s
"""

ONE = "SELECT * FROM portal.pending_login WHERE id = %s"

REFUSE = """
UPDATE portal.pending_login SET refused_at = clock_timestamp(), refused_by = %s
WHERE id = %s AND refused_at IS NULL RETURNING *
"""


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """An account that waits, or was refused. `claimed_number` is what a provider said on whose word one can rely, and
    `customer_id` whose number that is."""

    id: UUID
    account: Account
    claimed_number: str | None
    customer_id: UUID | None
    tries: int
    first_seen_at: datetime
    last_seen_at: datetime
    refused_at: datetime | None
    refused_by: str | None


async def note(database: Database, account: Account, number: str | None) -> PendingLogin | None:
    """Let an account wait for a person to look at it, or count that it came again; None if it waits no more."""
    row = await database.fetch_one(
        NOTE,
        {
            "id": clock.uuid7(),
            "issuer": account.issuer,
            "subject": account.subject,
            "provider": account.provider,
            "name": account.name,
            "email": account.email,
            "verified": account.email_verified,
            "number": number,
        },
    )
    return None if row is None else _pending(row)


async def queue(
    database: Database, *, refused: bool = False, after: UUID | None = None, limit: int = SHOWN
) -> list[PendingLogin]:
    """Those that wait, or that were refused, the last seen first; those that come `after` one of them."""
    rows = await database.fetch_all(QUEUE, {"refused": refused, "after": after, "limit": limit}, retry=True)
    return [_pending(row) for row in rows]


async def one(database: Database, id: UUID) -> PendingLogin | None:
    """One of them, unless it was linked or purged."""
    row = await database.fetch_one(ONE, [id], retry=True)
    return None if row is None else _pending(row)


async def refuse(database: Database, id: UUID, by: str) -> PendingLogin | None:
    """Let it wait no more without linking it; None if somebody else has decided meanwhile."""
    row = await database.fetch_one(REFUSE, [by, id])
    return None if row is None else _pending(row)


def _pending(row: Row) -> PendingLogin:
    account = Account(
        row["provider"], row["issuer"], row["subject"], row["account"], row["email"], row["email_verified"]
    )
    return PendingLogin(
        row["id"], account, row["claimed_number"], row["customer_id"], row["tries"], row["first_seen_at"],
        row["last_seen_at"], row["refused_at"], row["refused_by"],
    )  # fmt: skip
