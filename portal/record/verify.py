"""Checking every chain against what is stored, and every record against its chain.

Evident, not proof against: somebody who can rewrite the whole database can also rewrite a chain from its start. What is
found here is every alteration of an entry, of its order, and of a record behind the portal's back.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeAlias
from uuid import UUID

from psycopg.rows import dict_row

from portal.audit.chain import Break, StoredEntry, Walk
from portal.audit.cipher import KeyRing, Undecipherable, WrappedKey
from portal.audit.total import Shown
from portal.db.database import Database, Row
from portal.i18n import gettext as _
from portal.record.decode import decode_record
from portal.record.flat import flatten

EXPECTED = "SELECT count(*) AS chains, coalesce(sum(seq), 0)::bigint AS entries FROM portal.customer"
LISTED = "SELECT id, number, chain, seq FROM portal.customer WHERE id > %s ORDER BY id LIMIT 1000"
ONE = "SELECT id, number, chain, seq FROM portal.customer WHERE id = %s"
RECORDS = Path(__file__).with_name("verify.sql").read_text(encoding="utf-8")
ENTRIES = """
SELECT customer_id, seq, at, action, actor_kind, actor_id, via, request_id, paths, entry, leaf
FROM portal.change_record WHERE customer_id = ANY(%s::uuid[]) ORDER BY customer_id, seq
"""
BATCH = 5_000
"""So many entries are checked in one transaction, or one chain if it is longer."""
PIECE = 1_000
"""So many entries are in memory at a time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A chain that does not hold: whose it is, its name, the first broken entry, and why."""

    number: str
    chain: UUID
    seq: int
    why: str


@dataclass(slots=True)
class Report:
    """`expected_*` is what the customers' rows promise; `chains` and `entries` what was walked and holds.

    `erased` are the numbers of customers of whom there is no key and no value any more: their chains were checked by
    their hashes, and there is no record to compare with them.
    """

    expected_chains: int
    expected_entries: int
    chains: int = 0
    entries: int = 0
    findings: list[Finding] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.findings and self.chains == self.expected_chains


class Listed(NamedTuple):
    """A customer to check: whose chain it is, as the customer's row says."""

    id: UUID
    number: str
    chain: UUID
    seq: int


class Checked(NamedTuple):
    """A customer who was checked: how many entries there are, the first break, and whether they were erased."""

    customer: Listed
    entries: int
    broken: Break | None
    erased: bool


Check: TypeAlias = Callable[[Sequence[Listed]], Awaitable[list[Checked]]]


async def verify(
    database: Database,
    keys: KeyRing,
    *,
    progress: Callable[[int], None] = lambda entries: None,
    check: Check | None = None,
    ahead: int = 1,
) -> Report:
    """Walk every chain. Changes made meanwhile do not disturb it: each batch is looked at as of one moment.

    Args:
        progress: called with the number of entries that have been walked, again and again.
        check, ahead: who checks batches, and how many at a time (`portal.record.verify_processes`); without, they are
            checked here, one after the other.
    """
    row = await database.fetch_one(EXPECTED)
    assert row is not None
    report = Report(row["chains"], row["entries"])
    check = check or partial(check_batch, database, keys)
    under_way: set[asyncio.Task[list[Checked]]] = set()
    try:
        async for batch in _batches(database):
            if len(under_way) >= ahead:
                under_way = await _some(under_way, report, progress)
            under_way.add(asyncio.ensure_future(check(batch)))
        while under_way:
            under_way = await _some(under_way, report, progress)
    finally:
        for task in under_way:
            task.cancel()  # where one failed, nobody waits for the others
    report.findings.sort(key=lambda finding: finding.number)
    report.erased.sort()
    # Whoever is created while the walk goes on is walked too.
    report.expected_chains = max(report.expected_chains, report.chains)
    return report


async def _some(
    under_way: set[asyncio.Task[list[Checked]]], report: Report, progress: Callable[[int], None]
) -> set[asyncio.Task[list[Checked]]]:
    """Wait until a batch is done, and write down what was found; gives those that are still under way."""
    done, rest = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    for customer, entries, broken, erased in (checked for task in done for checked in task.result()):
        if broken:
            report.findings.append(Finding(customer.number, customer.chain, broken.seq, broken.why))
        elif erased:
            report.erased.append(customer.number)
        report.chains += 1
        report.entries += entries
        progress(entries)
    return rest


async def _batches(database: Database) -> AsyncIterator[list[Listed]]:
    batch: list[Listed] = []
    entries = 0
    after = UUID(int=0)
    while rows := await database.fetch_all(LISTED, [after]):
        for customer in (Listed(**row) for row in rows):
            batch.append(customer)
            entries += customer.seq
            if entries >= BATCH:
                yield batch
                batch, entries = [], 0
        after = rows[-1]["id"]
    if batch:
        yield batch


async def verify_one(database: Database, keys: KeyRing, customer_id: UUID) -> Break | None:
    """The first break of one customer's chain, or None if it holds and the record is what it adds up to."""
    row = await database.fetch_one(ONE, [customer_id])
    if row is None:
        return Break(0, _gone())
    [checked] = await check_batch(database, keys, [Listed(**row)])
    return checked.broken


async def check_batch(database: Database, keys: KeyRing, batch: Sequence[Listed]) -> list[Checked]:
    """Check some customers, all as of one moment: two statements, and each entry is read, parsed and hashed once."""
    ids = [customer.id for customer in batch]
    async with database.snapshot() as connection:
        records = connection.cursor(row_factory=dict_row)
        await records.execute(RECORDS, [ids], binary=True)
        checks = {customer.id: _Checking(customer) for customer in batch}
        for row in await records.fetchall():
            checks[row["id"]].begin(row, keys)
        async with connection.cursor("entries") as entries:
            await entries.execute(ENTRIES, [ids], binary=True)
            while piece := await entries.fetchmany(PIECE):
                for id, rows in groupby(piece, itemgetter(0)):
                    checks[id].go_on([StoredEntry(*row[1:]) for row in rows])
    return [check.end() for check in checks.values()]


class _Checking:
    """One customer on the way through a batch. Whose record is not there is broken from the start."""

    def __init__(self, customer: Listed) -> None:
        self.customer, self.entries = customer, 0
        self.broken: Break | None = Break(0, _gone())
        self.walk: Walk | None = None
        self.shown: Shown | None = None
        self.erased = False

    def begin(self, row: Row, keys: KeyRing) -> None:
        self.broken = None
        try:
            shown = _shown(row)
            if row["wrapped"] is None:
                self._without_key(row, shown)
                return
            key = keys.unwrap(row["id"], WrappedKey(row["wrapped"], row["wrapped_by"]))
        except Undecipherable:
            self.broken = Break(0, _("the customer's key cannot be unwrapped with this key-encryption key"))
        except ValueError as error:
            self.broken = Break(0, _("the record cannot be read: %(error)s") % {"error": error})
        else:
            self.shown = shown
            self.walk = Walk(row["chain"], row["seq"], row["head"], key, adds_up=True)

    def _without_key(self, row: Row, shown: Shown) -> None:
        """Whoever is erased has neither a key nor a value; a key that is gone alone was lost, or taken to hide what was
        done to the values."""
        self.erased = shown.state.keys() <= {"customer/number"} and not shown.revisions
        if self.erased:
            self.walk = Walk(row["chain"], row["seq"], row["head"], None, adds_up=False)
        else:
            self.broken = Break(0, _("the record's key has disappeared, and its values have not"))

    def go_on(self, entries: Sequence[StoredEntry]) -> None:
        self.entries += len(entries)
        if self.walk and not self.broken:
            self.broken = self.walk.through(entries)

    def end(self) -> Checked:
        if self.walk and not self.broken:
            self.broken = self.walk.end(self.shown)
        return Checked(self.customer, self.entries, self.broken, self.erased)


def _shown(row: Row) -> Shown:
    """What the tables say of a record.

    Raises:
        ValueError: they say what no record can say.
    """
    record = decode_record(row["record"])
    return Shown(
        flatten(record),
        {item: (said.seq, said.at, said.actor_kind, said.via) for item, said in record.provenance().items()},
        [(f"notes/{note}", body, seq) for note, body, seq in row["revisions"] or ()],
    )


def _gone() -> str:
    return _("the record has disappeared")
