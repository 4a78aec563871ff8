"""What the commands share: the settings, and the records as the worker's role sees them."""

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from getpass import getuser
from typing import Any, TypeVar
from uuid import UUID

from portal.audit.cipher import KeyRing
from portal.catalogue import load
from portal.db.database import Database, Role
from portal.errors import NotFound
from portal.paths import resource
from portal.record.store import RecordStore
from portal.settings import Settings

Result = TypeVar("Result")


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's asynchronous part."""
    if sys.platform == "win32":  # psycopg cannot use the default loop there
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            return runner.run(main)
    return asyncio.run(main)


def somebody() -> str:
    """Who runs the command; a container's user may have no name."""
    try:
        return getuser()
    except (KeyError, OSError):
        return "cli"


@asynccontextmanager
async def records(settings: Settings) -> AsyncIterator[RecordStore]:
    """The records, for a command of the operator."""
    catalogue = load(settings.catalogue or resource("catalogue.toml"))
    async with Database.configured(settings, Role.WORKER) as database:
        yield RecordStore(database, KeyRing(settings.key_encryption_bytes), catalogue, settings.audit_origin)


async def customer_id(database: Database, number: str) -> UUID:
    """Whose number it is.

    Raises:
        NotFound: nobody's.
    """
    row = await database.fetch_one("SELECT id FROM portal.customer WHERE number = %s", [number])
    if row is None:
        raise NotFound(f"There is no customer {number}.")
    found: UUID = row["id"]
    return found
