"""What a migration makes, its downgrade takes away again."""

import psycopg
from alembic import command
from sqlalchemy import URL

from portal.db import migrations
from portal.db.database import Role
from tests.conftest import PASSWORD

SHAPE = """
SELECT 'column' AS kind, table_schema || '.' || table_name || '.' || column_name AS name,
    data_type || ' ' || is_nullable AS what
FROM information_schema.columns WHERE table_schema IN ('portal', 'keys', 'crm')
UNION ALL
SELECT 'function', p.oid::regprocedure::text, md5(p.prosrc) || ' ' || p.proconfig::text FROM pg_proc p
WHERE p.pronamespace::regnamespace::text IN ('portal', 'keys', 'crm')
UNION ALL
SELECT 'constraint', conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace::regnamespace::text IN ('portal', 'keys', 'crm')
UNION ALL
SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.relnamespace::regnamespace::text IN ('portal', 'keys', 'crm')
UNION ALL
SELECT 'table', c.oid::regclass::text, c.reloptions::text FROM pg_class c
WHERE c.relkind IN ('r', 'v') AND c.relnamespace::regnamespace::text IN ('portal', 'keys', 'crm')
UNION ALL
SELECT 'trigger', tgrelid::regclass || ' ' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1, 2
"""


def shape(url: URL) -> list[tuple[str, ...]]:
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
        return admin.execute(SHAPE).fetchall()


def test_down_and_up_again_comes_to_the_same(empty_database: URL) -> None:
    owner = empty_database.set(username=Role.OWNER.user, password=PASSWORD)
    newest = shape(empty_database)
    config = migrations.configuration()
    config.attributes["url"] = owner

    command.downgrade(config, "0006")
    before = shape(empty_database)
    migrations.migrate(owner)

    assert len(before) < len(newest)
    assert shape(empty_database) == newest


def test_contacts_that_are_there_get_keys_of_whole_names(empty_database: URL) -> None:
    owner = empty_database.set(username=Role.OWNER.user, password=PASSWORD)
    config = migrations.configuration()
    config.attributes["url"] = owner
    command.downgrade(config, "0020")
    with psycopg.connect(empty_database.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
        [(contact,)] = admin.execute(
            "INSERT INTO crm.contact (number, name) VALUES ('J-1', 'Jürgen Smith-Jones') RETURNING id"
        )
        keys = ["j-1", "jurgen", "juergen", "smith-jones", "smith", "jones"]
        admin.cursor().executemany("INSERT INTO crm.search_key VALUES (%s, %s)", [(contact, key) for key in keys])

    migrations.migrate(owner)

    with psycopg.connect(empty_database.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
        found = [key for [key] in admin.execute("SELECT key FROM crm.search_key WHERE key LIKE ' %' ORDER BY key")]
    assert found == [" jurgen smith-jones", " smith-jones jurgen"]
