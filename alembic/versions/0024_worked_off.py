"""Claims look back now and then and not each time; a delivery needs no references besides those of its row.

Of those that come in one transaction this is the last: removing a reference locks customers out until the end of it."""

from pathlib import Path

from alembic import op

import portal

revision = "0024"
down_revision = "0023"

# Where a delivery comes from has both references, and no role may delete it: docs/decisions/0019.
REFERENCES = {
    "fk_delivery_customer": "(customer_id) REFERENCES portal.customer",
    "fk_delivery_connector": "(connector) REFERENCES portal.connector",
}


def upgrade() -> None:
    op.execute((Path(portal.__file__).parent / "sync" / "claim_v3.sql").read_text(encoding="utf-8"))
    for name in REFERENCES:
        op.execute(f"ALTER TABLE portal.delivery DROP CONSTRAINT {name}")


def downgrade() -> None:
    for name, reference in REFERENCES.items():
        op.execute(f"ALTER TABLE portal.delivery ADD CONSTRAINT {name} FOREIGN KEY {reference}")
    op.execute("DROP FUNCTION portal.sync_claim_v3")
