"""Many rows at once: by COPY, and without what PostgreSQL would do for each of them alone."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import set_json_dumps

from portal.demo.tables import TABLES

MANY = 100_000
"""From so many changes on it is quicker to make indexes, and to check references, when all is there."""

LEFT = "SELECT number, statement FROM portal.put_away ORDER BY number"
KEEP = """
CREATE TABLE IF NOT EXISTS portal.put_away (
    number integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, statement text NOT NULL)
"""
# COPY wants to be subject to no policy. The owner is to none, but where that is forced on it.
FORCED = """
SELECT format('ALTER TABLE %%s NO FORCE ROW LEVEL SECURITY', c.oid::regclass),
    format('ALTER TABLE %%s FORCE ROW LEVEL SECURITY', c.oid::regclass)
FROM pg_class c WHERE c.oid = ANY (%s::regclass[]) AND c.relforcerowsecurity
"""
REFERENCES_AND_INDEXES = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', c.conrelid::regclass, c.conname),
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
FROM pg_constraint c WHERE c.conrelid = ANY (%(tables)s::regclass[]) AND c.contype IN ('f', 'u')
UNION ALL
SELECT format('DROP INDEX %%s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
FROM pg_index i WHERE i.indrelid = ANY (%(tables)s::regclass[])
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
"""
"""What goes, and how it comes back: all but primary keys."""


@contextmanager
def put_away(owner: psycopg.Connection[Any], changes: int) -> Iterator[None]:
    """Make room for the length of a `with` block. What is put away is written down in the same transaction, so that the
    next flood finds and brings back what one that was killed could not."""
    with owner.transaction():
        owner.execute(KEEP)
        found = owner.execute(FORCED, [list(TABLES)]).fetchall()
        if changes >= MANY:
            found += owner.execute(REFERENCES_AND_INDEXES, {"tables": list(TABLES)}).fetchall()
        for go, back in found:
            owner.execute(go)
            owner.execute("INSERT INTO portal.put_away (statement) VALUES (%s)", [back])
    try:
        yield
    finally:
        _bring_back(owner)


def _bring_back(owner: psycopg.Connection[Any]) -> None:
    owner.execute("SET maintenance_work_mem = '256MB'")
    # What is checked is true: each customer came with all that refers to them, or not at all.
    for number, statement in owner.execute(LEFT).fetchall():
        with owner.transaction():
            owner.execute(statement)
            owner.execute("DELETE FROM portal.put_away WHERE number = %s", [number])
    owner.execute("DROP TABLE portal.put_away")


class Copying:
    """Rows of several tables on their way into the database; `connection` is the owner's."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._types = {table: self._types_of(table) for table in TABLES}
        set_json_dumps(msgspec.json.encode, connection)

    def write(self, rows: Iterable[tuple[str, tuple[Any, ...]]]) -> None:
        """Keep them all, or none."""
        by_table: Mapping[str, list[tuple[Any, ...]]] = defaultdict(list)
        for table, row in rows:
            by_table[table].append(row)
        with self._connection.transaction(), self._connection.cursor() as cursor:
            for table in TABLES:
                statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(*_names(table))
                with cursor.copy(statement) as copy:
                    copy.set_types(self._types[table])
                    for row in by_table[table]:
                        copy.write_row(row)

    def _types_of(self, table: str) -> list[int]:
        name, columns = _names(table)
        cursor = self._connection.execute(sql.SQL("SELECT {1} FROM {0} LIMIT 0").format(name, columns))
        return [column.type_code for column in cursor.description or ()]


def _names(table: str) -> tuple[sql.Composable, sql.Composable]:
    return sql.Identifier(*table.split(".")), sql.SQL(", ").join(map(sql.Identifier, TABLES[table]))
