"""Calls that are no part of a pass: what they cost, and what they say of the CRM, is written down all the same."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from portal import clock
from portal.crm.port import CursorExpired
from portal.sync.gate import Seen
from portal.sync.lease import complete
from portal.sync.line import Line

T = TypeVar("T")


async def ask(line: Line, call: Awaitable[T]) -> T:
    """What a call gives.

    Raises:
        Exception: whatever the call has raised; TimeoutError after the line's deadline.
    """
    seen = Seen()
    try:
        async with asyncio.timeout(line.deadline):
            return await call
    except CursorExpired:
        raise
    except Exception as error:
        seen.raised(error)
        raise
    finally:
        if line.meter.calls or seen.error:
            await complete(line, clock.uuid7(), [], seen)
