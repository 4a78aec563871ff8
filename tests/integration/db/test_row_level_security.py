"""What each role of the database can see and do, asked of the database itself."""

from uuid import UUID

import psycopg
import pytest
from sqlalchemy import URL, text

from portal.db.database import Database, Role, database_url
from portal.db.roles import excess_powers
from portal.record.change import change
from portal.record.read import StoredRecord, read
from portal.settings import Settings
from portal.work import transaction
from tests.builders import a_consent, a_note, a_window, an_intention, the_customer
from tests.conftest import Stores

SCOPED = """
SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
    EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'customer_id') AS scoped
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('portal', 'keys', 'crm') AND c.relkind IN ('r', 'p') ORDER BY 1
"""


@pytest.fixture
async def bobs_things(stores: Stores, bob: StoredRecord) -> StoredRecord:
    """Bob, with a row in every table that belongs to a customer."""
    values = a_window() | a_consent() | a_note(author="Bob Keller")
    await change(stores.customer, bob.record.id, an_intention("record:filled", the_customer(bob.record.id)), values)
    return bob


READABLE = """
        SELECT format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('portal', 'keys', 'crm') AND c.relkind IN ('r', 'p')
            AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
            AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'customer_id')
"""


@pytest.mark.asvs("8.2.2", "8.4.1")
async def test_a_customers_statement_sees_that_customer_only(
    stores: Stores, alice: StoredRecord, bobs_things: StoredRecord
) -> None:
    database = stores.customer.database
    tables = [row["name"] for row in await database.fetch_all(READABLE)]
    assert {"portal.note", "portal.change_record", "keys.customer_key"} <= set(tables)
    async with transaction(database, customer_id=alice.record.id) as bound:
        for table in tables:
            seen = (await bound.execute(text(f"SELECT DISTINCT customer_id FROM {table}"))).scalars().all()
            assert set(seen) <= {alice.record.id}, table
        assert (await bound.execute(text("SELECT id FROM portal.customer"))).scalars().all() == [alice.record.id]


async def test_a_statement_without_a_customer_sees_nothing(stores: Stores, bobs_things: StoredRecord) -> None:
    database = stores.customer.database
    for row in await database.fetch_all(READABLE):
        found = await database.fetch_one(f"SELECT count(*) AS seen FROM {row['name']}")
        assert found == {"seen": 0}, row["name"]


async def test_nothing_stays_bound_on_a_pooled_connection(
    stores: Stores, alice: StoredRecord, bobs_things: StoredRecord
) -> None:
    database = stores.customer.database
    for _ in range(12):
        await read(database, stores.customer.keys, bobs_things.record.id)
        async with transaction(database, customer_id=bobs_things.record.id):
            pass
    for _ in range(12):
        assert await database.fetch_one("SELECT count(*) AS seen FROM portal.note") == {"seen": 0}


@pytest.mark.asvs("8.2.2", "8.4.1")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portal.note SET body = 'x' WHERE customer_id = '{bob}'",
        "DELETE FROM portal.note WHERE customer_id = '{bob}'",
        "UPDATE portal.customer SET profile = '{{}}' WHERE id = '{bob}'",
        "UPDATE portal.sync_state SET push_due_at = now() WHERE customer_id = '{bob}'",
    ],
)
async def test_a_customer_touches_nothing_of_another(
    stores: Stores, alice: StoredRecord, bobs_things: StoredRecord, statement: str
) -> None:
    async with transaction(stores.customer.database, customer_id=alice.record.id) as bound:
        done = await bound.execute(text(statement.format(bob=bobs_things.record.id)))
        assert done.rowcount == 0


@pytest.mark.asvs("8.4.1")
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO portal.note SELECT '{bob}', gen_random_uuid(), kind, about, body, author_kind, author,"
        " created_at, said FROM portal.note",
        "UPDATE portal.note SET customer_id = '{bob}'",
    ],
)
async def test_a_customer_cannot_put_anything_into_another_record(
    stores: Stores, alice: StoredRecord, bobs_things: StoredRecord, statement: str
) -> None:
    await change(stores.customer, alice.record.id, an_intention("note:added", the_customer(alice.record.id)), a_note())
    with pytest.raises(Exception, match=r"row-level security|denied"):
        async with transaction(stores.customer.database, customer_id=alice.record.id) as bound:
            await bound.execute(text(statement.format(bob=bobs_things.record.id)))


@pytest.mark.parametrize("role", ["customer", "staff", "worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE portal.change_record SET action = 'x'",
        "DELETE FROM portal.change_record",
        "TRUNCATE portal.change_record",
        "UPDATE portal.access_record SET actor_name = 'nobody'",
        "DELETE FROM portal.access_record",
        "DELETE FROM portal.delivery",
        "ALTER TABLE portal.note DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE portal.mine (id int)",
        "SET ROLE portal_owner",
    ],
)
async def test_no_role_that_serves_can_rewrite_what_happened(stores: Stores, role: str, statement: str) -> None:
    database: Database = getattr(stores, role).database
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await database.fetch_all(statement)


@pytest.mark.asvs("13.2.2")
async def test_the_customers_role_does_not_write_links_deliveries_or_reads(stores: Stores, alice: StoredRecord) -> None:
    for table in ("portal.login", "portal.delivery", "portal.access_record", "keys.customer_key"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await stores.customer.database.fetch_all(f"INSERT INTO {table} DEFAULT VALUES")


@pytest.mark.asvs("8.4.1")
async def test_every_table_of_a_customer_is_guarded_even_from_its_owner(stores: Stores) -> None:
    rows = await stores.worker.database.fetch_all(SCOPED)
    unguarded = [row["name"] for row in rows if row["scoped"] and not (row["enabled"] and row["forced"])]
    # Announcements name customers and say nothing about them; only processes of ours read them.
    assert set(unguarded) <= {"portal.announcement"}


@pytest.mark.asvs("13.2.2")
def test_no_role_has_more_power_than_it_needs(settings: Settings) -> None:
    for role in (Role.CUSTOMER, Role.STAFF, Role.WORKER):
        url = database_url(settings, role).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            assert excess_powers(connection) == []


def test_too_much_power_is_told(database_url: URL) -> None:
    with psycopg.connect(database_url.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
        assert any("superuser" in power for power in excess_powers(admin))
        admin.execute("CREATE TABLE portal.theirs (id int PRIMARY KEY)")
        admin.execute("ALTER TABLE portal.theirs OWNER TO portal_worker")
        admin.execute("SET LOCAL ROLE portal_worker")
        assert excess_powers(admin) == ["portal_worker owns 1 tables or views"], "its index is none"
        admin.rollback()


@pytest.mark.parametrize(("role", "timeout"), [(Role.CUSTOMER, "5s"), (Role.STAFF, "15s"), (Role.WORKER, "30s")])
async def test_statements_and_locks_have_limits(stores: Stores, role: Role, timeout: str) -> None:
    database: Database = getattr(stores, role.value).database
    row = await database.fetch_one(
        "SELECT current_setting('statement_timeout') AS s, current_setting('lock_timeout') AS l"
    )
    assert row is not None
    assert row["s"] == timeout
    assert row["l"] != "0"


async def test_a_customers_role_reads_one_record_by_its_id_only(stores: Stores, alice: StoredRecord) -> None:
    """The hot read binds the customer it is asked for; knowing nobody's id gives nobody's record."""
    assert await read(stores.customer.database, stores.customer.keys, UUID(int=1)) is None
