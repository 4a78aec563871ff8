"""What sync workers share: who polls, who works, which pages are told, how far new connectors have got."""

from pathlib import Path

from alembic import op

import portal

revision = "0003"
down_revision = "0002"

TABLES = """
-- A worker is alive if it was seen lately. It removes its row when it ends by itself.
CREATE TABLE portal.worker (
    id uuid PRIMARY KEY,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Told to open pages: something about this customer's record or its delivery has changed. Read by portal.announced_v1.
CREATE TABLE portal.announcement (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX ix_announcement_xid ON portal.announcement (xid);
ALTER TABLE portal.announcement ENABLE ROW LEVEL SECURITY;
ALTER TABLE portal.announcement FORCE ROW LEVEL SECURITY;
CREATE POLICY staff ON portal.announcement TO portal_staff USING (true);
CREATE POLICY worker ON portal.announcement TO portal_worker USING (true);

ALTER TABLE portal.connector
    ADD COLUMN added_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN poller uuid,                    -- the worker that reads the CRM's feed
    ADD COLUMN polling_until timestamptz,
    -- Customers who were there before it get their rows in passes, in the order of ids: portal/sync/enroll.py.
    ADD COLUMN enrolling_from timestamptz DEFAULT now(),
    ADD COLUMN enrolled_through uuid,
    ADD COLUMN enrolled_at timestamptz;

-- The states and the ways between them: portal/sync/state.py.
ALTER TABLE portal.sync_state
    ADD CONSTRAINT ck_sync_state_status CHECK (status IN ('waiting', 'synced', 'retrying', 'verifying', 'parked'));
-- Every delivery moves a row between places of its index; vacuum early, and leave room.
ALTER TABLE portal.sync_state SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX ix_sync_state_remote ON portal.sync_state (connector, remote_id) WHERE remote_id IS NOT NULL;

GRANT SELECT ON portal.worker, portal.announcement TO portal_staff;
GRANT SELECT, INSERT, UPDATE, DELETE ON portal.worker TO portal_worker;
GRANT SELECT, INSERT, DELETE ON portal.announcement TO portal_worker;
"""


def upgrade() -> None:
    op.execute(TABLES)
    for name in ("read_v1.sql", "announced_v1.sql"):
        op.execute((Path(portal.__file__).parent / "sync" / name).read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION portal.announced_v1, portal.sync_read_v1")
    op.execute("DROP INDEX portal.ix_sync_state_remote")
    op.execute("ALTER TABLE portal.sync_state RESET (fillfactor, autovacuum_vacuum_scale_factor)")
    op.execute("ALTER TABLE portal.sync_state DROP CONSTRAINT ck_sync_state_status")
    op.execute(
        """ALTER TABLE portal.connector DROP COLUMN added_at, DROP COLUMN poller, DROP COLUMN polling_until,
           DROP COLUMN enrolling_from, DROP COLUMN enrolled_through, DROP COLUMN enrolled_at"""
    )
    op.execute("DROP TABLE portal.announcement")
    op.execute("DROP TABLE portal.worker")
