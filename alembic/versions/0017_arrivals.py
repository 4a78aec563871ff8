"""Somebody who is asked whether to connect an account can be logged out at the provider meanwhile."""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    # By these a logout token finds them; what the provider said of them stays sealed. The release before fills neither.
    op.execute("ALTER TABLE portal.arrival ADD COLUMN login_hash bytea, ADD COLUMN sid_hash bytea")


def downgrade() -> None:
    op.execute("ALTER TABLE portal.arrival DROP COLUMN login_hash, DROP COLUMN sid_hash")
