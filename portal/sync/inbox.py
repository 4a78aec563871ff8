"""Webhooks: each event once. What it says is never believed further than that a contact is to be read."""

from collections.abc import Sequence

from portal.crm.port import Hint, Ref
from portal.db.database import Database

ARRIVED = """
    WITH told AS (
        SELECT DISTINCT ON (event_id) * FROM unnest(%(events)s::text[], %(remotes)s::text[], %(customers)s::uuid[])
            AS t (event_id, remote_id, customer_id)
    ),
    new AS (
        INSERT INTO portal.inbox (connector, event_id, remote_id, customer_id)
        SELECT o.name, t.event_id, t.remote_id, t.customer_id
        FROM told t, portal.connector o WHERE o.name = %(connector)s
        ON CONFLICT DO NOTHING
        RETURNING remote_id, customer_id
    ),
    marked AS (
        UPDATE portal.sync_state s SET pull_due_at = clock_timestamp()
        WHERE s.connector = %(connector)s AND (
            s.customer_id IN (SELECT customer_id FROM new)
            OR s.remote_id IN (SELECT remote_id FROM new WHERE customer_id IS NULL))
    )
    SELECT count(*) AS new FROM new"""


async def arrived(database: Database, connector: str, hints: Sequence[Hint]) -> int:
    """Keep a webhook's events and mark the contacts as due to be read; gives how many events were new."""
    if not hints:
        return 0
    row = await database.fetch_one(
        ARRIVED,
        {
            "connector": connector,
            "events": [hint.event_id for hint in hints],
            "remotes": [hint.ref.remote_id for hint in hints],
            "customers": [hint.ref.customer_id for hint in hints],
        },
    )
    assert row is not None
    return int(row["new"])


FORGET = """
    DELETE FROM portal.inbox
    WHERE customer_id = ANY(%(customers)s) OR (connector = %(connector)s AND remote_id = ANY(%(remotes)s))"""


async def forget(database: Database, connector: str, refs: Sequence[Ref]) -> None:
    """Remove what webhooks have told of some customers."""
    known = {"customers": [ref.customer_id for ref in refs], "remotes": [ref.remote_id for ref in refs]}
    await database.fetch_all(FORGET, known | {"connector": connector})
