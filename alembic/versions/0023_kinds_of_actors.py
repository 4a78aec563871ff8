"""The newest changes of one kind by one kind of actor are found at once, however rare they are."""

from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute(
        """CREATE INDEX ix_change_record_kind ON portal.change_record
           (actor_kind, split_part(action, ':', 1), at DESC, customer_id DESC, seq DESC)"""
    )


def downgrade() -> None:
    op.execute("DROP INDEX portal.ix_change_record_kind")
