"""The hot statements are planned once for each connection, whatever the statistics say of one customer."""

import psycopg
import pytest
from sqlalchemy import URL

from portal.record.read import StoredRecord

KEPT = "SELECT ident FROM pg_backend_memory_contexts WHERE name = 'CachedPlan'"
"""The plans that this connection has kept; one that was made for one customer is forgotten when it is done with."""


@pytest.mark.parametrize(
    ("call", "statement"),
    [
        ("portal.record_read_v3(%s)", "c.contact_windows"),
        ("portal.record_read_v2(%s)", "delivery_state_v1"),
        ("portal.history_v2(%s, 100, 20)", "delivery_state_v1"),
    ],
)
def test_a_plan_is_kept_from_the_first_call_on(
    database_url: URL, alice: StoredRecord, call: str, statement: str
) -> None:
    with psycopg.connect(database_url.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
        admin.execute("SET ROLE portal_customer")

        assert admin.execute(f"SELECT * FROM {call}", [alice.record.id]).fetchall()

        admin.execute("RESET ROLE")
        assert any(statement in (ident or "") for [ident] in admin.execute(KEPT))
