"""Workers, and the commands, tell CRMs whom to erase and who is restricted: a CRM that is added later, too."""

from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("GRANT INSERT (wanted, wanted_at) ON portal.sync_state TO portal_worker")


def downgrade() -> None:
    op.execute("REVOKE INSERT (wanted, wanted_at) ON portal.sync_state FROM portal_worker")
