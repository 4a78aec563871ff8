"""Does what was put off, until it is told to stop. Any number may run, on any number of machines."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import psycopg
import psycopg_pool
import structlog
from procrastinate import App, JobContext
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from portal.backoff import backoff
from portal.db.database import Database
from portal.jobs.connector import Connector
from portal.jobs.failures import note
from portal.jobs.housekeeping import tidy
from portal.jobs.retry import Patience
from portal.jobs.task import Order, Task

log = structlog.get_logger(__name__)

AT_ONCE = 4
"""Jobs that one worker does side by side."""
LOOK_SECONDS = 1.0
"""Between two looks for something to do."""
PATIENCE_SECONDS = 5.0
"""For what is under way when the worker is told to stop. Then it is broken off, and another worker begins it anew."""
BEAT_SECONDS = 10.0
GONE_SECONDS = 40.0
"""A worker that has not shown itself for as long is taken for gone, and what it had begun is begun anew."""
TIDY_SECONDS = 15.0

NO_DATABASE = (ConnectorException, psycopg.Error, psycopg_pool.PoolTimeout)


async def run(
    tasks: Mapping[str, Task], database: Database, stop: asyncio.Event, *, look: float = LOOK_SECONDS
) -> None:
    """Work until `stop` is set, looking for jobs every `look` seconds where there is nothing to do.

    While the database does not answer, it is asked again after longer and longer pauses.
    """
    app = App(connector=await Connector.of(database))
    for name, task in tasks.items():
        _register(app, name, task, database)
    async with asyncio.TaskGroup() as both:
        both.create_task(_keep_on("work", partial(_work, app, list(tasks), look, stop), stop))
        both.create_task(_keep_on("tidy", partial(_tidy, database, stop), stop))


def _register(app: App, name: str, task: Task, database: Database) -> None:
    @app.task(name=name, queue=name, retry=Patience(), pass_context=True)
    async def do(context: JobContext, /, **args: Any) -> None:
        try:
            await task(Order.read(args))
        except Exception as error:
            await note(database, context.job, error)
            raise


async def _keep_on(what: str, step: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    """Take something up again that ends only when it is told to, or when it fails: mostly as the database is gone."""
    failures = 0
    while not stop.is_set():
        began = asyncio.get_running_loop().time()
        try:
            await step()
        except NO_DATABASE as error:
            log.warning("jobs wait for the database", step=what, error=type(error).__name__)
        except Exception:
            # As in the sync beside it, which would end with this one.
            log.exception("jobs step failed", step=what)
        failures = 0 if asyncio.get_running_loop().time() - began > GONE_SECONDS else failures + 1
        await _pause(stop, min(backoff(failures), 30.0))


async def _work(app: App, queues: list[str], look: float, stop: asyncio.Event) -> None:
    worker = _Worker(
        app,
        queues=queues,
        name=None,
        concurrency=AT_ONCE,
        listen_notify=False,
        fetch_job_polling_interval=look,
        shutdown_graceful_timeout=PATIENCE_SECONDS,
        delete_jobs="successful",
        install_signal_handlers=False,
        update_heartbeat_interval=BEAT_SECONDS,
        stalled_worker_timeout=GONE_SECONDS,
    )
    working = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call]
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        worker.stop()  # type: ignore[no-untyped-call]
        await working


class _Worker(Worker):
    async def _periodic_deferrer(self) -> None:
        """Nothing here is periodic, and Procrastinate's ends at once then. With it would end the watch over the other
        side tasks, so that a heartbeat that fails once would stop for good, and every job look left behind."""
        await asyncio.Event().wait()


async def _tidy(database: Database, stop: asyncio.Event) -> None:
    while not stop.is_set():
        await tidy(database, gone_seconds=GONE_SECONDS)
        await _pause(stop, TIDY_SECONDS)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
