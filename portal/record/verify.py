"""Checking every chain against what is stored, and every record against its chain.

Evident, not proof against: somebody who can rewrite the whole database can also rewrite a chain from its start. What is
found here is every alteration of an entry, of its order, and of a record behind the portal's back.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from portal.audit.chain import Break, StoredEntry, check_chain
from portal.audit.cipher import KeyRing, Undecipherable
from portal.audit.total import Shown
from portal.db.database import Database, Row
from portal.i18n import gettext as _
from portal.record.flat import flatten
from portal.record.read import StoredRecord, read

EXPECTED = "SELECT count(*) AS chains, coalesce(sum(seq), 0)::bigint AS entries FROM portal.customer"
CUSTOMERS = "SELECT id, number, chain FROM portal.customer WHERE id > %s ORDER BY id LIMIT 500"
ENTRIES = """
SELECT seq, at, action, actor_kind, actor_id, via, request_id, paths, entry, leaf
FROM portal.change_record WHERE customer_id = %s ORDER BY seq
"""
REVISIONS = "SELECT note_id, body, seq FROM portal.note_revision WHERE customer_id = %s"
LOOKS = 5
"""How often a record that is being changed at this moment is looked at anew."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A chain that does not hold: whose it is, its name, the first broken entry, and why."""

    number: str
    chain: UUID
    seq: int
    why: str


@dataclass(slots=True)
class Report:
    """`expected_*` is what the customers' rows promise; `chains` and `entries` what was walked and holds."""

    expected_chains: int
    expected_entries: int
    chains: int = 0
    entries: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.findings and self.chains == self.expected_chains


async def verify(
    database: Database, keys: KeyRing, *, progress: Callable[[int], None] = lambda entries: None
) -> Report:
    """Walk every chain. Changes made meanwhile do not disturb it: a record that moved on is looked at again.

    Args:
        progress: called with the number of entries of each chain that has been walked.
    """
    row = await database.fetch_one(EXPECTED)
    assert row is not None
    report = Report(row["chains"], row["entries"])
    after = UUID(int=0)
    while customers := await database.fetch_all(CUSTOMERS, [after]):
        for customer in customers:
            entries, broken = await _check(database, keys, customer["id"])
            if broken:
                report.findings.append(Finding(customer["number"], customer["chain"], broken.seq, broken.why))
            report.chains += 1
            report.entries += entries
            progress(entries)
        after = customers[-1]["id"]
    # Whoever is created while the walk goes on is walked too.
    report.expected_chains = max(report.expected_chains, report.chains)
    return report


async def verify_one(database: Database, keys: KeyRing, customer_id: UUID) -> Break | None:
    """The first break of one customer's chain, or None if it holds and the record is what it adds up to."""
    return (await _check(database, keys, customer_id))[1]


async def _check(database: Database, keys: KeyRing, customer_id: UUID, looks: int = LOOKS) -> tuple[int, Break | None]:
    try:
        stored = await read(database, keys, customer_id)
    except Undecipherable:
        return 0, Break(0, _("the customer's key cannot be unwrapped with this key-encryption key"))
    except (ValueError, KeyError, TypeError) as error:
        return 0, Break(0, _("the record cannot be read: %(error)s") % {"error": error})
    if stored is None:
        return 0, Break(0, _("the record or its key has disappeared"))
    entries = [StoredEntry(**row) for row in await database.fetch_all(ENTRIES, [customer_id])]
    revisions = await database.fetch_all(REVISIONS, [customer_id])
    if looks > 1 and entries and entries[-1].seq > stored.record.seq:
        return await _check(database, keys, customer_id, looks - 1)
    return len(entries), _walk(stored, entries, revisions)


def _walk(stored: StoredRecord, entries: list[StoredEntry], revisions: list[Row]) -> Break | None:
    record = stored.record
    shown = Shown(
        flatten(record),
        {item: (said.seq, said.at, said.actor_kind, said.via) for item, said in record.provenance().items()},
        [(f"notes/{row['note_id']}", row["body"], row["seq"]) for row in revisions],
    )
    return check_chain(stored.chain, record.seq, stored.head, entries, stored.key, shown)
