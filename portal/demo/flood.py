"""Fills the database with customers and their histories, as many as somebody wants to try the portal with.

In bulk, and so not through `record.change`; but what is written is computed by the functions that the one write uses
(entries, hashes, state after each change), and `portal audit verify` finds nothing to object to. Batches know nothing
of each other: each is one transaction, so that a flood that is broken off leaves whole records behind, and they are
made in as many processes as there are cores.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psycopg
from psycopg.types.json import Jsonb

from portal import clock
from portal.audit.cipher import KeyRing
from portal.db.database import Role, database_url
from portal.demo.flooded import Flooded, flooded
from portal.errors import Forbidden
from portal.loopback import is_loopback
from portal.settings import Settings

BATCH = 5_000
"""Changes in one transaction, roughly."""

WRITE = Path(__file__).with_name("flood.sql").read_text(encoding="utf-8")
LAST = "SELECT coalesce(max(substr(number, 2)::bigint), 0) FROM portal.customer WHERE number ~ '^F[0-9]{8}$'"


@dataclass(frozen=True, slots=True)
class Share:
    """Customers that one process makes in one transaction: numbers from `first`, `changes` of each."""

    first: int
    changes: tuple[int, ...]


class Means(NamedTuple):
    """What a process needs to make shares."""

    connection: psycopg.Connection[Any]
    keys: KeyRing
    origin: str
    until: datetime


def flood(settings: Settings, customers: int, changes: int, *, progress: Callable[[int], None] = lambda _: None) -> int:
    """Add `customers` new customers with `changes` change records in all; gives how many customers were added.

    Args:
        changes: at least one for each customer, its creation. The others are spread evenly.
        progress: called with the number of changes that have just been committed.

    Raises:
        Forbidden: the portal is for others than this machine.
        ValueError: there are fewer changes than customers.
    """
    refuse_elsewhere(settings)
    if not 0 < customers <= changes:
        raise ValueError("Each customer has at least one change: its creation.")
    url = database_url(settings, Role.WORKER).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        row = connection.execute(LAST).fetchone()
        assert row is not None
        shares = _shares(row[0] + 1, customers, changes)
    means = url, settings.key_encryption_bytes, settings.audit_origin, clock.now()
    cores = min(cpu_count() or 1, 1 + changes // BATCH)
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=_prepare, initargs=means) as pool:
        # A few shares ahead and no more, or the queue of a large flood would not fit into memory.
        running: set[Future[int]] = {pool.submit(_make, share) for share in islice(shares, 2 * cores)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                progress(each.result())
                with suppress(StopIteration):
                    running.add(pool.submit(_make, next(shares)))
    with psycopg.connect(url) as connection:
        # Histories reach back before what was counted: a worker counts them all anew.
        connection.execute("DELETE FROM portal.change_count")
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


def _shares(first: int, customers: int, changes: int) -> Iterator[Share]:
    each, more = divmod(changes, customers)
    at_a_time = max(1, BATCH // each)
    for begin in range(0, customers, at_a_time):
        numbers = range(begin, min(begin + at_a_time, customers))
        yield Share(first + begin, tuple(each + (number < more) for number in numbers))


_means: Means | None = None


def _prepare(url: str, key: bytes, origin: str, until: datetime) -> None:
    global _means
    _means = Means(psycopg.connect(url), KeyRing(key), origin, until)


def _make(share: Share) -> int:
    assert _means is not None
    connection, keys, origin, until = _means
    made = [
        flooded(number, changes, keys, origin, until, Random(number))  # noqa: S311 - the same people each time
        for number, changes in enumerate(share.changes, start=share.first)
    ]
    with connection.transaction():
        connection.execute(WRITE.encode(), _parameters(made))
    return sum(share.changes)


def _parameters(made: list[Flooded]) -> dict[str, Any]:
    columns = [(one.id, *entry) for one in made for entry in one.entries]
    names = ("e_customer", "seq", "at", "action", "actor_kind", "actor_id", "via", "request", "paths", "entry", "leaf")
    return {
        "customers": Jsonb([one.customer for one in made]),
        "keys": Jsonb([one.key for one in made]),
        **{table: Jsonb([row for one in made for row in one.rows[table]]) for table in made[0].rows},
        **dict(zip(names, map(list, zip(*columns, strict=True)), strict=True)),
    }
