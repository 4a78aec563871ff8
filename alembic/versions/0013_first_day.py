"""Customers that were there before the portal: many records in one statement, and how far bringing them in has come."""

from pathlib import Path

from alembic import op

import portal

revision = "0013"
down_revision = "0012"

# One bringing in of what a source has: a CRM, or a file by its SHA-256. At most one of a source is open. No personal
# value: what is doubtful stands in the operator's own report.
RUN = """
CREATE TABLE portal.adoption (
    id uuid CONSTRAINT pk_adoption PRIMARY KEY,
    source text NOT NULL,                      -- crm:<name> or file:<sha256>
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    began_by text NOT NULL,
    went_on_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    place text,                                -- through where it has come, in the source's own words
    through bigint NOT NULL DEFAULT 0,
    new bigint NOT NULL DEFAULT 0,
    matched bigint NOT NULL DEFAULT 0,
    doubtful bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,         -- brought in, and the CRM would not have its contact tied
    reasons jsonb NOT NULL DEFAULT '{}',
    ended_at timestamptz
);
CREATE UNIQUE INDEX uq_adoption_open ON portal.adoption (source) WHERE ended_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON portal.adoption TO portal_worker;
GRANT SELECT ON portal.adoption TO portal_staff;
"""


def upgrade() -> None:
    op.execute(RUN)
    op.execute((Path(portal.__file__).parent / "record" / "write_many_v1.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION portal.record_write_many_v1")
    op.execute("DROP TABLE portal.adoption")
