"""Procrastinate's statements, on the portal's own connections.

They name its tables without a schema, and a search path would be a state of the session, which a connection from a
PgBouncer in transaction mode does not keep. So each name gets its schema here.
"""

import re
from functools import cache
from typing import Any, LiteralString

from procrastinate import PsycopgConnector

from portal.db.database import Database

_NAME = re.compile(r"(?<![\w.'])procrastinate_")


class Connector(PsycopgConnector):
    """Borrows from a pool that somebody else opens and closes."""

    @classmethod
    async def of(cls, database: Database) -> "Connector":
        connector = cls()
        await connector.open_async(database.pool)
        return connector

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        await super().execute_query_async(qualified(query), **arguments)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        row: dict[str, Any] = await super().execute_query_one_async(qualified(query), **arguments)
        return row

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await super().execute_query_all_async(qualified(query), **arguments)
        return rows


@cache
def qualified(query: LiteralString) -> LiteralString:
    """The statement with its schema before each name."""
    return _NAME.sub("jobs.procrastinate_", query)
