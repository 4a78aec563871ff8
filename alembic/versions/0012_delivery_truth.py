"""Where each change has been delivered, and why it waits, in the statements that read a record and its history."""

from pathlib import Path

from alembic import op

import portal

revision = "0012"
down_revision = "0011"

READERS = "portal_customer, portal_staff, portal_worker"

# Which connectors a worker serves: one that none serves is not connected any more. The release before says nothing.
SERVED = "ALTER TABLE portal.worker ADD COLUMN connectors text[]"

# What is not delivered is listed from here: nobody asks every change that ever was.
BEHIND = "CREATE INDEX ix_sync_state_behind ON portal.sync_state (customer_id) WHERE synced_seq < desired_seq"

# Whether a CRM may be called now, and whether anybody works, is nobody's secret; what went wrong there is not granted.
GRANTS = f"""
GRANT SELECT (connector, open_until, opened_at, shut_until, rate_calls, rate_seconds, tokens, filled_at)
    ON portal.connector_gate TO portal_customer;
GRANT SELECT (seen_at, connectors) ON portal.worker TO portal_customer;
GRANT SELECT ON portal.delivery_state_v1 TO {READERS};
GRANT SELECT ON portal.connector_backlog_v1 TO portal_staff, portal_worker;
"""

SQL = ("sync/connector_backlog_v1", "record/delivery_state_v1", "record/read_v2", "history/history_v2")


def upgrade() -> None:
    op.execute(SERVED)
    op.execute(BEHIND)
    for name in SQL:
        op.execute((Path(portal.__file__).parent / f"{name}.sql").read_text(encoding="utf-8"))
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("DROP FUNCTION portal.record_read_v2, portal.history_v2")
    op.execute("DROP VIEW portal.delivery_state_v1, portal.connector_backlog_v1")
    op.execute("REVOKE SELECT (seen_at) ON portal.worker FROM portal_customer")
    op.execute(
        """REVOKE SELECT (connector, open_until, opened_at, shut_until, rate_calls, rate_seconds, tokens, filled_at)
           ON portal.connector_gate FROM portal_customer"""
    )
    op.execute("DROP INDEX portal.ix_sync_state_behind")
    op.execute("ALTER TABLE portal.worker DROP COLUMN connectors")
