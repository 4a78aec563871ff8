"""A worker: drains and polls every connector until it is told to stop. Run any number, on any number of machines."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeAlias
from uuid import UUID

import psycopg
import psycopg_pool
import structlog
from structlog.contextvars import bound_contextvars

from portal import clock
from portal.backoff import backoff
from portal.crm.answers import CallFailed
from portal.crm.port import Connector
from portal.crm.said import without_theirs
from portal.db.database import Database
from portal.record.store import RecordStore
from portal.settings import Settings
from portal.sync.drain import keep_up
from portal.sync.enroll import enroll, register
from portal.sync.housekeeping import beat, count_changes, leave, purge
from portal.sync.line import Line, line
from portal.sync.poll import Poller
from portal.sync.resync import resync
from portal.sync.samples import forget, sample
from portal.sync.sweep import sweep

log = structlog.get_logger(__name__)

Step: TypeAlias = Callable[[], Awaitable[int | None]]
"""One piece of a worker's work; gives how much there was."""

BUSY_SECONDS = 0.05
"""Between two looks while there is work: long enough for edits to come together, too short to be felt."""
LINGER_SECONDS = 2.0
"""How long after the last work one goes on looking that often."""
BEAT_SECONDS = 5.0
PURGE_SECONDS = 30.0
SWEEP_SECONDS = 20.0


async def work(settings: Settings, store: RecordStore, made: Mapping[str, Connector], stop: asyncio.Event) -> None:
    """Bring the records to every CRM and back until `stop` is set; then end the batches in hand."""
    lines = [line(name, connector, store, settings) for name, connector in made.items()]
    await run(lines, stop, idle=settings.sync_idle_milliseconds / 1000, sweep_rows=settings.sync_sweep_rows)


async def run(lines: list[Line], stop: asyncio.Event, *, idle: float, sweep_rows: int = 0) -> None:
    """Work on some lines of one database, looking every `idle` seconds where there is nothing to do."""
    database, worker = lines[0].store.database, clock.uuid7()
    pollers = [Poller(each, worker) for each in lines]
    await _try("register", lambda: register(database, lines), stop)
    log.info("worker started", worker=str(worker), connectors=[each.name for each in lines])
    async with asyncio.TaskGroup() as tasks:
        for each, poller in zip(lines, pollers, strict=True):
            # In whatever is logged on the way.
            with bound_contextvars(connector=each.name):
                tasks.create_task(_repeat("drain", partial(keep_up, each, stop), stop, idle=idle))
                tasks.create_task(_repeat("poll", poller.poll, stop, idle=idle))
                tasks.create_task(_repeat("enroll", partial(enroll, each, stop), stop, idle=BEAT_SECONDS))
                tasks.create_task(_repeat("resync", partial(resync, each), stop, idle=BEAT_SECONDS))
                look = partial(sweep, each, size=sweep_rows, grace=BEAT_SECONDS + each.connector.caps.poll_seconds)
                tasks.create_task(_repeat("sweep", look, stop, idle=SWEEP_SECONDS))
        serving = partial(beat, database, worker, [each.name for each in lines])
        tasks.create_task(_repeat("beat", serving, stop, idle=BEAT_SECONDS))
        tasks.create_task(_repeat("purge", partial(purge, database), stop, idle=PURGE_SECONDS))
        tasks.create_task(_repeat("sample", partial(sample, database), stop, idle=BEAT_SECONDS))
        tasks.create_task(_repeat("count", partial(count_changes, database), stop, idle=PURGE_SECONDS))
        tasks.create_task(_repeat("forget", partial(forget, database), stop, idle=PURGE_SECONDS))
    await _leave(database, worker, pollers)
    log.info("worker stopped", worker=str(worker))


async def _repeat(task: str, step: Step, stop: asyncio.Event, *, idle: float) -> None:
    """Do one thing over and over: soon again while there is work, else every `idle` seconds."""
    busy_until = 0.0
    while not stop.is_set():
        done = await _try(task, step, stop)
        now = clock.current.monotonic()
        if done:
            busy_until = now + LINGER_SECONDS
        await _pause(stop, min(BUSY_SECONDS, idle) if now < busy_until else idle)


async def _try(task: str, step: Step, stop: asyncio.Event) -> int | None:
    """Do one thing; while it fails (a database or a CRM that does not answer), again after longer and longer pauses."""
    failures = 0
    while not stop.is_set():
        try:
            return await step()
        except (psycopg.OperationalError, psycopg_pool.PoolTimeout, TimeoutError) as error:
            log.warning("sync step failed", step=task, error=type(error).__name__, attempts=failures + 1)
        except CallFailed as failure:
            # Once is enough to be woken by: /operations shows how it goes on.
            tell = log.warning if failures else log.error
            tell("CRM cannot be asked", step=task, error=without_theirs(failure.outcome.why), attempts=failures + 1)
        except Exception:
            log.exception("sync step failed", step=task, attempts=failures + 1)
        await _pause(stop, min(backoff(failures), 30.0))
        failures += 1
    return None


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _leave(database: Database, worker: UUID, pollers: Sequence[Poller]) -> None:
    """Let others take over at once; if the database is gone, what was held expires by itself."""
    with suppress(psycopg.Error, psycopg_pool.PoolTimeout):
        for poller in pollers:
            await poller.release()
        await leave(database, worker)
