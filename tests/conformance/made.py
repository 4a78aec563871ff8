"""A connector as the settings make it, to a stand-in on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

from portal.crm import KINDS
from portal.crm.port import Connector
from portal.crm.setup import Closing, Setup, check
from portal.db.database import Database
from portal.settings.connectors import ConnectorSettings
from tests.conformance.subject import NAME, Names, a_catalogue

DEADLINE = 10.0


@asynccontextmanager
async def made(kind: str, names: Names, **settings: Any) -> AsyncIterator[Connector]:
    """A connector for the length of an `async with` block."""
    values: dict[str, Any] = {"kind": kind, "allow_private": True, "timeout_seconds": DEADLINE, **settings}
    given = ConnectorSettings(**values)
    setup = Setup(NAME, given, a_catalogue(names), cast(Database, None), "https://profile.example.com", b"key")
    check(setup, KINDS[kind])
    connector = KINDS[kind].connect(setup)
    try:
        yield connector
    finally:
        if isinstance(connector, Closing):
            await connector.aclose()
