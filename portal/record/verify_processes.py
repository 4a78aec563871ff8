"""Verification with all the cores of a machine: each process checks batches of customers on a connection of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing import get_context
from typing import NamedTuple

from portal.audit.cipher import KeyRing
from portal.db.database import Database, Role
from portal.record.verify import Check, Checked, Listed, check_batch
from portal.settings import Settings


class _Means(NamedTuple):
    """What a process needs to check batches."""

    runner: asyncio.Runner
    database: Database
    keys: KeyRing


@asynccontextmanager
async def checking(settings: Settings, processes: int) -> AsyncIterator[Check]:
    """Who checks batches for `verify`, in so many processes."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=spawn, initializer=_prepare, initargs=(settings,)) as pool:

        async def check(batch: Sequence[Listed]) -> list[Checked]:
            return await asyncio.get_running_loop().run_in_executor(pool, _check, batch)

        yield check


_means: _Means | None = None


def _prepare(settings: Settings) -> None:
    global _means
    runner = asyncio.Runner()
    database = Database.configured(settings, Role.WORKER)
    runner.run(database.__aenter__())
    _means = _Means(runner, database, KeyRing(settings.key_encryption_bytes))


def _check(batch: Sequence[Listed]) -> list[Checked]:
    assert _means is not None
    return _means.runner.run(check_batch(_means.database, _means.keys, batch))
