"""The last verification of the log is found at once, whatever else happened since."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_security_event_verified ON portal.security_event (at DESC) WHERE action = 'log:verified'"
    )


def downgrade() -> None:
    op.execute("DROP INDEX portal.ix_security_event_verified")
