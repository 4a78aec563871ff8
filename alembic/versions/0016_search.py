"""A search that looks at no more contacts where there are more."""

from pathlib import Path

from alembic import op

import portal

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute((Path(portal.__file__).parent / "crm" / "embedded" / "search_v2.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION crm.search_v2")
