"""What a worker that died, or stood still, had sent may land late: rows remember that it may."""

from pathlib import Path

from alembic import op

import portal

revision = "0015"
down_revision = "0014"

FUNCTIONS = ("gate_tokens_v1", "claim_v2")

# Whoever relinks a record takes it from the worker that holds it; who parks one by hand says that it was no attempt.
GRANTS = "GRANT UPDATE (lease, lease_until, attempts) ON portal.sync_state TO portal_staff"


def upgrade() -> None:
    for name in FUNCTIONS:
        op.execute((Path(portal.__file__).parent / "sync" / f"{name}.sql").read_text(encoding="utf-8"))
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("REVOKE UPDATE (lease, lease_until, attempts) ON portal.sync_state FROM portal_staff")
    op.execute("DROP FUNCTION portal.sync_claim_v2, portal.gate_tokens_v1")
