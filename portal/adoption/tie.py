"""Contacts and customers that have found each other: told to the CRM, and to the sync.

Where the contact says what the record says, both are settled: the sync has nothing to do until somebody changes
something. Where they differ, or a person has a history to be told, the sync reads the contact and compares, as it does
after any edit: who wins is decided in one place, and what a customer said is never overwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from portal.adoption.crm import Contacts
from portal.adoption.known import Known
from portal.adoption.person import Person
from portal.adoption.wishes import left_out
from portal.audit.values import State
from portal.crm.inventory import Existing, Link
from portal.crm.port import Applied, Outcome, Reject
from portal.record.addresses import home_country
from portal.record.read import StoredRecord
from portal.sync.base import Base, seal_base
from portal.sync.current import our_values
from portal.sync.line import Line
from portal.sync.points import merge_points
from portal.sync.shown import differing
from portal.sync.state import Wanted
from portal.sync.theirs import their_values

# Whom nobody has enrolled yet: the CRM is newer than the customer, or nobody works yet.
ENROLL = """
    INSERT INTO portal.sync_state (customer_id, connector, desired_seq)
    SELECT c.id, %(connector)s, c.seq FROM portal.customer c WHERE c.id = ANY(%(customers)s) ON CONFLICT DO NOTHING"""
SETTLE = Path(__file__).with_name("settle.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Pair:
    """A person and their record. `known` is None for whom nobody knew before."""

    person: Person
    stored: StoredRecord
    known: Known | None
    new: bool

    @property
    def contact(self) -> Existing:
        assert self.person.contact
        return self.person.contact

    @property
    def tied(self) -> bool:
        """Whether the sync knows already that they belong together, and the contact says so."""
        there = self.known is not None and self.known.remote_id == self.person.where
        return there and self.person.customer_id == self.stored.record.id


async def tie(contacts: Contacts, pairs: Sequence[Pair]) -> list[tuple[Person, str]]:
    """Tie them all; gives those of whom the CRM says why it will not have it.

    Raises:
        Unavailable: the CRM does not answer.
    """
    line, loose = contacts.line, [pair for pair in pairs if not pair.tied]
    seqs = [pair.stored.record.seq if _settled(line, pair) else 0 for pair in loose]
    links = [Link(pair.contact, pair.stored.record.id, seq) for pair, seq in zip(loose, seqs, strict=True)]
    fresh = [link for link in links if _to_be_told(link)]
    told = zip(fresh, await contacts.link(fresh), strict=True)
    outcomes = {link.customer_id: outcome for link, outcome in told}
    rows = [_row(line, pair, link, outcomes.get(link.customer_id)) for pair, link in zip(loose, links, strict=True)]
    if rows:
        old = [pair.stored.record.id for pair in loose if not pair.new]
        if old:
            await line.store.database.fetch_all(ENROLL, {"connector": line.name, "customers": old})
        await line.store.database.fetch_all(SETTLE, {"connector": line.name, "rows": Jsonb(rows), "ahead": line.ahead})
    return [(pair.person, row["why"]) for pair, row in zip(loose, rows, strict=True) if row["why"]]


def _to_be_told(link: Link) -> bool:
    """Whether the contact does not say it already, as after a run that was broken off."""
    there = link.contact.remote
    return there.customer_id != link.customer_id or (link.seq > 0 and there.seq != link.seq)


def _settled(line: Line, pair: Pair) -> bool:
    """Whether there is nothing that either side has to be told. What was brought in is what the contact says."""
    as_usual = pair.known is None or pair.known.as_usual
    if not as_usual or any(differing(line, pair.stored.record, Wanted.RECORD, pair.contact.remote)):
        return False
    as_brought_in = pair.new and pair.stored.record.seq == 1
    return as_brought_in or (pair.known is not None and not pair.known.touched and _same(line, pair))


def _same(line: Line, pair: Pair) -> bool:
    """Whether the contact says of everything that it has what the record says."""
    record, remote = pair.stored.record, pair.contact.remote
    points = merge_points(line.points, record, None, remote.points, home_country(line.store.catalogue, record)).merge
    ours = _agreed(line, pair)
    theirs = their_values(line, remote, ours)
    consents = {f"consents/{'/'.join(key)}/status" for key in (*remote.consents, *remote.flags)}
    paths = consents | {f"profile/{key}" for key in line.names}
    return not points.give and not points.take and all(ours.get(path) == theirs.get(path) for path in paths)


def _agreed(line: Line, pair: Pair) -> State:
    """What the record says; and of what is left out, what the contact says: only another word is a new one."""
    return our_values(line, pair.stored.record) | left_out(pair.person, pair.stored.record)


def _row(line: Line, pair: Pair, link: Link, outcome: Outcome | None) -> dict[str, Any]:
    record, remote = pair.stored.record, pair.contact.remote
    agreed = _agreed(line, pair) if link.seq else left_out(pair.person, record)
    base = seal_base(Base(link.seq, agreed), pair.stored.key, line.name, record.id).hex() if agreed else None
    return {
        "customer_id": str(record.id),
        "remote_id": remote.remote_id,
        "etag": outcome.etag if isinstance(outcome, Applied) else remote.etag,
        "seq": record.seq,
        "settled": link.seq > 0,
        "base": base,
        "why": outcome.why if isinstance(outcome, Reject) else None,
    }
