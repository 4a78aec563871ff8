"""Fills the database with customers and their histories, as many as somebody wants to try the portal with.

In bulk, and so not through `record.change` and the worker; but what is written is computed by the functions that they
use (entries, hashes, what both sides agreed on), and `portal audit verify` finds nothing to object to. Batches know
nothing of each other: each is one transaction, so that a flood that is broken off leaves whole records behind, and they
are made in as many processes as there are cores.
"""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from random import Random
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from portal import clock
from portal.audit.cipher import KeyRing
from portal.catalogue import load
from portal.crm.embedded import EmbeddedCrm
from portal.crm.embedded.card import NAME
from portal.db.database import Database, Role, database_url
from portal.demo.bulk import Copying, put_away
from portal.demo.flooded import flooded
from portal.demo.tables import Rows, crm_rows, due_rows, record_rows
from portal.errors import Conflict, Forbidden
from portal.loopback import is_loopback
from portal.paths import resource
from portal.record.store import RecordStore
from portal.settings import Settings
from portal.sync.line import Line, line

BATCH = 10_000
"""Changes in one transaction, roughly."""

LAST = "SELECT coalesce(max(substr(number, 2)::bigint), 0) FROM portal.customer WHERE number ~ '^F[0-9]{8}$'"
CONNECTORS = "SELECT name FROM portal.connector"
ALONE = "SELECT pg_try_advisory_lock(hashtext('portal demo flood'))"
COUNT = "SELECT portal.count_changes_v1()"


@dataclass(frozen=True, slots=True)
class Share:
    """Customers that one process makes in one transaction: numbers from `first`, `changes` of each."""

    first: int
    changes: tuple[int, ...]


def flood(settings: Settings, customers: int, changes: int, *, progress: Callable[[int], None] = lambda _: None) -> int:
    """Add `customers` new customers with `changes` change records in all; gives how many customers were added. The
    built-in CRM has them, too, if it is in use; for others they are due.

    Args:
        changes: at least one for each customer, its creation. The others are spread evenly.
        progress: called with the number of changes that have just been committed.

    Raises:
        Forbidden: the portal is for others than this machine.
        Conflict: there is another flood.
        ValueError: there are fewer changes than customers.
    """
    refuse_elsewhere(settings)
    if not 0 < customers <= changes:
        raise ValueError("Each customer has at least one change: its creation.")
    with _owner(settings) as owner, _worker(settings) as worker:
        if not owner.execute(ALONE).fetchall()[0][0]:
            raise Conflict("A flood is under way already.")
        connectors = [name for (name,) in worker.execute(CONNECTORS).fetchall()]
        with put_away(owner, changes):
            first = worker.execute(LAST).fetchall()[0][0] + 1
            _make_all(settings, connectors, _shares(first, customers, changes), changes, progress)
        # Histories reach back before what was counted: it is counted anew, a month at a time.
        worker.execute("DELETE FROM portal.change_count")
        while worker.execute(COUNT).fetchall()[0][0]:
            pass
    return customers


def refuse_elsewhere(settings: Settings) -> None:
    """Invented people belong into nobody's real records.

    Raises:
        Forbidden: the public URL is not on this machine, or this is no development environment.
    """
    if not settings.development or not is_loopback(urlsplit(settings.public_url).hostname):
        raise Forbidden(
            "Invented customers belong in a portal of one's own machine: "
            "set ENVIRONMENT=development and a PUBLIC_URL on localhost."
        )


def _owner(settings: Settings) -> psycopg.Connection[Any]:
    return psycopg.connect(_conninfo(settings, Role.OWNER), autocommit=True)


def _worker(settings: Settings) -> psycopg.Connection[Any]:
    return psycopg.connect(_conninfo(settings, Role.WORKER), autocommit=True, options="-c statement_timeout=0")


def _conninfo(settings: Settings, role: Role) -> str:
    return database_url(settings, role).set(drivername="postgresql").render_as_string(hide_password=False)


def _shares(first: int, customers: int, changes: int) -> Iterator[Share]:
    each, more = divmod(changes, customers)
    at_a_time = max(1, BATCH // each)
    for begin in range(0, customers, at_a_time):
        numbers = range(begin, min(begin + at_a_time, customers))
        yield Share(first + begin, tuple(each + (number < more) for number in numbers))


def _make_all(
    settings: Settings,
    connectors: Sequence[str],
    shares: Iterator[Share],
    changes: int,
    progress: Callable[[int], None],
) -> None:
    cores = min(os.cpu_count() or 1, 1 + changes // BATCH)
    spawn, means = multiprocessing.get_context("spawn"), (settings, connectors, clock.now())
    with ProcessPoolExecutor(cores, mp_context=spawn, initializer=_prepare, initargs=means) as pool:
        # A few shares ahead and no more, or the queue of a large flood would not fit into memory.
        running: set[Future[int]] = {pool.submit(_make, share) for share in islice(shares, 2 * cores)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                progress(each.result())
                with suppress(StopIteration):
                    running.add(pool.submit(_make, next(shares)))


class Maker:
    """What a process has to make shares with."""

    def __init__(self, settings: Settings, connectors: Sequence[str], until: datetime) -> None:
        self.copying, self.until = Copying(_owner(settings)), until
        self.keys, self.origin = KeyRing(settings.key_encryption_bytes), settings.audit_origin
        database = Database.configured(settings, Role.WORKER)  # never opened: what is pushed goes another way
        store = RecordStore(database, self.keys, load(settings.catalogue or resource("catalogue.toml")), self.origin)
        self.crm: Line | None = line(NAME, EmbeddedCrm(database), store, settings) if NAME in connectors else None
        self.others = [name for name in connectors if name != NAME]

    def rows(self, share: Share) -> Rows:
        now = clock.now()
        for number, changes in enumerate(share.changes, start=share.first):
            chance = Random(number)  # noqa: S311 - the same people each time
            one = flooded(number, changes, self.keys, self.origin, self.until, chance)
            yield from record_rows(one)
            yield from due_rows(one, self.others, now)
            if self.crm:
                yield from crm_rows(one, self.crm, uuid4(), now)


_maker: Maker | None = None


def _prepare(settings: Settings, connectors: Sequence[str], until: datetime) -> None:
    global _maker
    Thread(target=_end_with_parent, daemon=True).start()
    gc.disable()  # rows by the hundred thousand, and none that refers to itself
    _maker = Maker(settings, connectors, until)


def _end_with_parent() -> None:
    """Who was killed has told nobody that there is nothing left to do."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _make(share: Share) -> int:
    assert _maker is not None
    _maker.copying.write(_maker.rows(share))
    return sum(share.changes)
