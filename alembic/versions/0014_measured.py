"""Speed: records in bulk, and a log whose changes are counted beforehand."""

from pathlib import Path

from alembic import op

import portal

revision = "0014"
down_revision = "0013"

TABLES = """
-- How many changes there are in each quarter of an hour (every time zone's midnight begins one), in all and by
-- "actor kind/subject", and how many of them begin a chain; and all that there were until its end. Workers fill it in:
-- portal/record/count_changes_v1.sql. What came after the newest quarter is counted by whoever asks.
CREATE TABLE portal.change_count (
    at timestamptz PRIMARY KEY,
    changes bigint NOT NULL,
    chains bigint NOT NULL,
    kinds jsonb NOT NULL,
    changes_through bigint NOT NULL,
    chains_through bigint NOT NULL
);

-- The log of one kind, newest first, however rare it is.
CREATE INDEX ix_change_record_subject ON portal.change_record
    (split_part(action, ':', 1), at DESC, customer_id DESC, seq DESC);
CREATE INDEX ix_change_record_actor ON portal.change_record (actor_kind, at DESC, customer_id DESC, seq DESC);
-- So that the planner knows at once which kinds are rare.
ANALYZE portal.change_record;
"""

SQL = ("record/record_parts_v1", "record/count_changes_v1", "sync/read_v2")

GRANTS = """
GRANT SELECT ON portal.record_parts_v1 TO portal_customer, portal_staff, portal_worker;
GRANT SELECT ON portal.change_count TO portal_staff, portal_worker;
GRANT INSERT, DELETE ON portal.change_count TO portal_worker;
"""


def upgrade() -> None:
    op.execute(TABLES)
    for name in SQL:
        op.execute((Path(portal.__file__).parent / f"{name}.sql").read_text(encoding="utf-8"))
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("DROP FUNCTION portal.sync_read_v2, portal.count_changes_v1")
    op.execute("DROP VIEW portal.record_parts_v1")
    op.execute("DROP INDEX portal.ix_change_record_actor, portal.ix_change_record_subject")
    op.execute("DROP TABLE portal.change_count")
