"""A customer's own history, a page at a time."""

from pathlib import Path

from alembic import op

import portal

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute((Path(portal.__file__).parent / "history" / "history_v1.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION portal.history_v1")
