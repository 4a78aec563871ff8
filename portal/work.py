"""Several statements that belong together: the only place that commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from portal.db.database import Database

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


@asynccontextmanager
async def transaction(database: Database, *, customer_id: UUID | None = None) -> AsyncIterator["AsyncConnection"]:
    """A transaction that commits when the block ends and rolls back when it raises.

    With `customer_id`, row-level security is bound to that customer for its length. No remote call belongs inside, and
    the response is built after it.
    """
    from sqlalchemy import text

    async with database.engine.begin() as connection:
        if customer_id is not None:
            await connection.execute(
                text("SELECT set_config('portal.customer_id', :id, true)"), {"id": str(customer_id)}
            )
        yield connection
