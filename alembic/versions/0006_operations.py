"""What the operator's page and the metrics count, without reading every row."""

from alembic import op

revision = "0006"
down_revision = "0005"

INDEXES = """
CREATE INDEX ix_sync_state_parked ON portal.sync_state (connector) WHERE status = 'parked';
CREATE INDEX ix_delivery_at ON portal.delivery (connector, at);
"""


def upgrade() -> None:
    op.execute(INDEXES)


def downgrade() -> None:
    op.execute("DROP INDEX portal.ix_delivery_at, portal.ix_sync_state_parked")
