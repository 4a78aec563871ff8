"""How the portal reaches PostgreSQL: one pool a role, and one way to run a single statement.

The hot statements are SQL functions that bind row-level security themselves, so they need no transaction around them:
`fetch_one` and `fetch_all` run one statement in autocommit on the driver's own connection, one round trip each. Rarer
work of several statements goes through SQLAlchemy on the same pool: `portal.work.transaction`. SQLAlchemy is a third of
all that would be imported before a first page is answered, so it is imported by who needs it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from portal.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

Row = dict[str, Any]
AGAIN_IS_NO_USE = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, PoolTimeout)
"""Failures that are no lost connection: whoever waited once does not wait a second time."""
Params = Sequence[Any] | Mapping[str, Any]


class Role(StrEnum):
    """The database roles. None is a superuser, none walks through row-level security."""

    OWNER = "owner"  # owns and migrates; never used to serve
    CUSTOMER = "customer"  # sees the one customer that a statement is bound to
    STAFF = "staff"  # agents, auditors, operators, and the login before anyone is known
    WORKER = "worker"  # the sync drain and the command line

    @property
    def user(self) -> str:
        return f"portal_{self.value}"


def database_url(settings: Settings, role: Role) -> "URL":
    """The configured database as `role`; a user or password in DATABASE_URL is left out."""
    from sqlalchemy import make_url

    url = make_url(settings.database_url).set(drivername="postgresql+psycopg")
    secret = getattr(settings, f"database_{role.value}_password").get_secret_value()
    # Not `set`, which takes None for "as it was" and would hand on an administrator's password.
    return url._replace(username=role.user, password=secret or None)


class Database:
    """A pool of connections of one role, for single statements and for SQLAlchemy alike.

    Used as an async context manager. Opening it does not wait for the server: a database that is down shows in the
    first statement, and the pool reconnects by itself.
    """

    def __init__(self, url: "URL | str", *, pool_size: int = 10, prepare: bool = True) -> None:
        self.pool = AsyncConnectionPool(
            url if isinstance(url, str) else url.set(drivername="postgresql").render_as_string(hide_password=False),
            # Whether PostgreSQL is to remember a statement's plan once a connection has sent it some times.
            kwargs={"autocommit": True, "connect_timeout": 5, "prepare_threshold": 5 if prepare else None},
            min_size=min(2, pool_size),
            max_size=pool_size,
            timeout=3,
            max_lifetime=1800,
            open=False,
            # Looked at when it is borrowed: to be reset when it comes back is a task of its own, each time.
            check=_to_autocommit,
            close_returns=True,
        )

    @classmethod
    def configured(cls, settings: Settings, role: Role) -> Self:
        return cls(
            _conninfo(settings, role),
            pool_size=settings.database_pool_size,
            prepare=settings.database_prepared_statements,
        )

    async def __aenter__(self) -> Self:
        await self.pool.open(wait=False)
        return self

    async def __aexit__(self, *exc: object) -> None:
        if "engine" in vars(self):
            await self.engine.dispose()
        await self.pool.close()

    @cached_property
    def engine(self) -> "AsyncEngine":
        """SQLAlchemy, which borrows from the same pool."""
        from sqlalchemy import NullPool
        from sqlalchemy.ext.asyncio import create_async_engine

        return create_async_engine(
            "postgresql+psycopg://",
            async_creator=self.pool.getconn,
            poolclass=NullPool,
            isolation_level="READ COMMITTED",
            use_native_hstore=False,  # looking for it at each borrowing would be a round trip for nothing
        )

    async def fetch_all(self, sql: str, params: Params = (), *, retry: bool = False, binary: bool = False) -> list[Row]:
        """Run one statement in autocommit and return its rows. Placeholders are psycopg's, %s or %(name)s.

        `retry` runs it once more if the connection is lost; only for statements that may run twice. `binary` asks for
        the rows as the server has them, which is less work for many rows, and for long bytes.
        """
        try:
            return await self._run(sql, params, binary)
        except psycopg.OperationalError as error:
            if not retry or isinstance(error, AGAIN_IS_NO_USE):
                raise
            try:
                return await self._run(sql, params, binary)
            except psycopg.OperationalError as second:
                # Whoever looks at it has to know that the statement may have reached the server the first time.
                raise second from error

    async def fetch_one(
        self, sql: str, params: Params = (), *, retry: bool = False, binary: bool = False
    ) -> Row | None:
        """Like `fetch_all`, for a statement that gives at most one row."""
        rows = await self.fetch_all(sql, params, retry=retry, binary=binary)
        return rows[0] if rows else None

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """A connection whose statements all see the database as of one moment, and write nothing."""
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection

    async def _run(self, sql: str, params: Params, binary: bool) -> list[Row]:
        # Not `pool.connection()`, which ends each loan with a commit: in autocommit there is nothing to end.
        connection = await self.pool.getconn()
        try:
            cursor = connection.cursor(row_factory=dict_row)
            await cursor.execute(cast("Any", sql), params or None, binary=binary)
            # Not `cursor.description`, which makes an object of each column.
            return await cursor.fetchall() if cursor.rownumber is not None else []
        finally:
            await self.pool.putconn(connection)


async def _to_autocommit(connection: psycopg.AsyncConnection[Any]) -> None:
    if not connection.autocommit:
        await connection.set_autocommit(True)


def _conninfo(settings: Settings, role: Role) -> str:
    """The same as `database_url`, as libpq takes it."""
    known = conninfo_to_dict(settings.database_url.replace("+psycopg", "", 1))
    secret = getattr(settings, f"database_{role.value}_password").get_secret_value()
    return make_conninfo("", **{**known, "user": role.user, "password": secret or None})
