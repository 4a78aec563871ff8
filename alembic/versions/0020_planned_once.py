"""Records are read as text, by plans that are made once."""

from pathlib import Path

from alembic import op

import portal

revision = "0020"
down_revision = "0019"

# What the release before calls: left to itself, PostgreSQL may plan these many tables anew at each call.
PLANNED_ONCE = ("portal.record_read_v2", "portal.history_v2")


def upgrade() -> None:
    op.execute((Path(portal.__file__).parent / "record" / "read_v3.sql").read_text(encoding="utf-8"))
    for function in PLANNED_ONCE:
        op.execute(f"ALTER FUNCTION {function} SET plan_cache_mode = force_generic_plan")


def downgrade() -> None:
    for function in PLANNED_ONCE:
        op.execute(f"ALTER FUNCTION {function} RESET plan_cache_mode")
    op.execute("DROP FUNCTION portal.record_read_v3")
