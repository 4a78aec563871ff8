"""What operators do about the sync: pause, resume, and what is to become of parked records. Each is one statement, and
stands in the journal with whoever did it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from portal.db.database import Database
from portal.sync.events import Event

STATEMENT = """
    WITH done AS ({change}),
    written AS (
        INSERT INTO portal.sync_event (at, connector, event, actor, customer_id, facts)
        SELECT clock_timestamp() + %(ahead)s, %(connector)s, %(event)s, %(actor)s, d.customer_id, %(facts)s FROM done d
    )
    SELECT count(*) AS rows FROM done"""

PAUSE = """
    UPDATE portal.connector SET paused_at = clock_timestamp() + %(ahead)s, paused_by = %(actor)s
    WHERE name = %(connector)s AND paused_at IS NULL RETURNING NULL::uuid AS customer_id"""

RESUME = """
    UPDATE portal.connector SET paused_at = NULL, paused_by = NULL
    WHERE name = %(connector)s AND paused_at IS NOT NULL RETURNING NULL::uuid AS customer_id"""

# What is tried again is read first: its status is PARKED until a pass has found out more.
RETRY = """
    UPDATE portal.sync_state s SET push_due_at = clock_timestamp() + %(ahead)s
    WHERE s.connector = %(connector)s AND s.status IN ('parked', 'skipped') AND s.push_due_at IS NULL
        AND (%(customer)s::uuid IS NULL OR s.customer_id = %(customer)s)
    RETURNING s.customer_id"""

# Not while anything is due, which would be given up unseen: a newer change, or another try. Nor ever an erasure.
SKIP = """
    UPDATE portal.sync_state s SET status = 'skipped'
    WHERE s.connector = %(connector)s AND s.customer_id = %(customer)s AND s.status = 'parked'
        AND s.push_due_at IS NULL AND s.lease IS NULL AND s.wanted <> 'erased'
    RETURNING s.customer_id"""

# No attempts: that is how one who was parked by a person is told from one whom the CRM refused. A call that may still
# land is looked for all the same; where its answer is missing, once no CRM can be at it any more.
PARK = """
    UPDATE portal.sync_state s SET status = 'parked', attempts = 0, last_error = %(why)s,
        push_due_at = NULL, pull_due_at = NULL, verify_at = CASE WHEN s.status = 'verifying'
            THEN greatest(s.verify_at, clock_timestamp() + %(ahead)s + interval '10 minutes') ELSE s.verify_at END
    WHERE s.connector = %(connector)s AND s.customer_id = %(customer)s
        AND s.wanted <> 'erased' AND s.lease IS NULL AND s.status <> 'parked'
    RETURNING s.customer_id"""

# Nobody knows what the other contact says and who said it, so there is no base: where both have a value, the field's
# owner decides. The look that comes first refuses a contact that belongs to another customer. A worker that holds the
# row loses it: what it finds out is about the contact of before.
RELINK = """
    UPDATE portal.sync_state s SET remote_id = %(remote_id)s, remote_etag = NULL, base = NULL,
        pull_due_at = clock_timestamp() + %(ahead)s, push_due_at = clock_timestamp() + %(ahead)s,
        lease = NULL, lease_until = NULL
    WHERE s.connector = %(connector)s AND s.customer_id = %(customer)s AND s.wanted <> 'erased'
        AND NOT EXISTS (
            SELECT FROM portal.sync_state o WHERE o.connector = %(connector)s AND o.remote_id = %(remote_id)s
                AND o.customer_id <> s.customer_id)
    RETURNING s.customer_id"""


async def pause(database: Database, connector: str, *, actor: str, ahead: timedelta = timedelta(0)) -> bool:
    """Let nobody call a CRM until it is resumed; what is under way ends. False if it was paused already."""
    return bool(await _run(database, PAUSE, connector, Event.PAUSED, actor, ahead))


async def resume(database: Database, connector: str, *, actor: str, ahead: timedelta = timedelta(0)) -> bool:
    """Go on. False if it was not paused."""
    return bool(await _run(database, RESUME, connector, Event.RESUMED, actor, ahead))


async def retry(
    database: Database, connector: str, customer: UUID | None, *, actor: str, ahead: timedelta = timedelta(0)
) -> int:
    """Try a parked or skipped record again, or all of them; gives how many there were."""
    return await _run(database, RETRY, connector, Event.RETRIED, actor, ahead, customer=customer)


async def skip(
    database: Database, connector: str, customer: UUID, *, actor: str, ahead: timedelta = timedelta(0)
) -> bool:
    """Give up what a parked record says now; its next change is tried as usual. False if it is not parked, or is being
    tried again: by a person, or because it has changed."""
    return bool(await _run(database, SKIP, connector, Event.SKIPPED, actor, ahead, customer=customer))


async def park(
    database: Database, connector: str, customer: UUID, why: str, *, actor: str, ahead: timedelta = timedelta(0)
) -> bool:
    """Keep a record from a CRM until its next change, or until somebody tries again. False if a worker has it just now,
    or it is parked already."""
    return bool(await _run(database, PARK, connector, Event.PARKED, actor, ahead, customer=customer, why=why))


async def relink(
    database: Database,
    connector: str,
    customer: UUID,
    remote_id: str | None,
    *,
    actor: str,
    ahead: timedelta = timedelta(0),
) -> bool:
    """Say which contact a record belongs to; None has a new one made where there is none of theirs.

    False if there is no such record, it was erased, or the contact belongs to another customer.
    """
    facts = {"to": remote_id or ""}
    return bool(
        await _run(
            database, RELINK, connector, Event.RELINKED, actor, ahead, facts, customer=customer, remote_id=remote_id
        )
    )


async def _run(
    database: Database,
    change: str,
    connector: str,
    event: Event,
    actor: str,
    ahead: timedelta,
    facts: Mapping[str, Any] | None = None,
    **params: object,
) -> int:
    known = {"connector": connector, "event": event.value, "actor": actor, "ahead": ahead, "facts": Jsonb(facts or {})}
    row = await database.fetch_one(STATEMENT.format(change=change), known | params)
    assert row is not None
    return int(row["rows"])
