"""Who can reach the keys in the database, and the sessions."""

import pytest

from tests.conftest import Stores

REACHED = """
SELECT format('%%I.%%I', n.nspname, c.relname) AS name, p.privilege
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS p(privilege)
WHERE n.nspname || '.' || c.relname = ANY (%s)
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, p.privilege)
"""

SECRETS = ["keys.client_key", "keys.customer_key", "portal.session", "portal.draft", "portal.login_transaction"]


async def reached(stores: Stores, role: str) -> set[tuple[str, str]]:
    rows = await getattr(stores, role).database.fetch_all(REACHED, [SECRETS])
    return {(row["name"], row["privilege"]) for row in rows}


@pytest.mark.asvs("13.2.2", "13.3.2")
async def test_the_customers_role_reads_the_key_and_the_sessions_of_the_one_it_is_bound_to(stores: Stores) -> None:
    """Whose, row-level security says. The portal's own keys, drafts and logins under way are out of its reach."""
    assert await reached(stores, "customer") == {("keys.customer_key", "SELECT"), ("portal.session", "SELECT")}


@pytest.mark.asvs("13.3.2")
@pytest.mark.parametrize("role", ["staff", "worker"])
async def test_no_role_that_serves_replaces_a_customers_key(stores: Stores, role: str) -> None:
    """A key that was overwritten would make everything under it unreadable."""
    assert ("keys.customer_key", "UPDATE") not in await reached(stores, role)
