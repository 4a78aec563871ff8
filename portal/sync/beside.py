"""What a CRM holds of one customer, beside what the record says: for whoever wants to see for themselves."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from portal.audit.values import State, Value
from portal.catalogue.naming import path_name
from portal.catalogue.told import system_name
from portal.crm.port import Ref, Remote
from portal.record.addresses import home_country
from portal.record.models import Record
from portal.record.read import read
from portal.sync.contacts import by_customer
from portal.sync.current import our_values
from portal.sync.line import Line
from portal.sync.points import known_as
from portal.sync.shown import differing, summary
from portal.sync.state import Wanted
from portal.sync.theirs import their_values

STATE = """
    WITH access AS (
        INSERT INTO portal.access_record (customer_id, id, actor_kind, actor_id, actor_name, via)
        VALUES (%(customer)s, gen_random_uuid(), 'operator', %(reader)s, %(reader)s, 'cli')
    )
    SELECT remote_id, wanted FROM portal.sync_state WHERE connector = %(connector)s AND customer_id = %(customer)s"""


@dataclass(frozen=True, slots=True)
class Beside:
    """One thing that both can say: what people call it, what the CRM calls it, and what each of them says."""

    name: str
    field: str
    ours: Value
    theirs: Value
    differs: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A contact that was read just now, and the version that the record has."""

    remote: Remote
    seq: int
    values: tuple[Beside, ...]

    @property
    def differing(self) -> int:
        """How many values are not the same."""
        return sum(value.differs for value in self.values)


async def beside(line: Line, customer_id: UUID, *, reader: str) -> Found | None:
    """Read a customer's contact, and compare; None if the CRM has none of theirs. Who reads is written down.

    Raises:
        CallFailed, OSError: the CRM cannot be read.
    """
    about = {"connector": line.name, "customer": customer_id, "reader": reader}
    row = await line.store.database.fetch_one(STATE, about)
    stored = await read(line.store.database, line.store.keys, customer_id)
    if stored is None:
        return None
    ref = Ref(row["remote_id"] if row else None, customer_id)
    async with asyncio.timeout(line.deadline):
        remote = by_customer([ref], await line.connector.fetch([ref])).get(customer_id)
    if remote is None:
        return None
    wanted = Wanted(row["wanted"]) if row else Wanted.RECORD
    return Found(remote, stored.record.seq, tuple(_values(line, stored.record, remote, wanted)))


def _values(line: Line, record: Record, remote: Remote, wanted: Wanted) -> Iterator[Beside]:
    ours = our_values(line, record)
    theirs = their_values(line, remote, ours)
    for path, field in _places(line, remote):
        name = path_name(line.store.catalogue, path)
        yield Beside(name, field, ours.get(path), theirs.get(path), ours.get(path) != theirs.get(path))
    yield from _points(line, record, remote, ours)
    shown = set(differing(line, record, wanted, remote))
    if remote.summary is not None:
        there = line.store.catalogue.summary.get(line.name)
        yield Beside(
            "Summary",
            there.name if there else "",
            summary(line, record) or None,
            remote.summary or None,
            "summary" in shown,
        )
    if remote.restricted is not None:
        restricted = wanted is Wanted.RESTRICTED
        there = line.store.catalogue.restriction.get(line.name)
        yield Beside("Restricted", there.name if there else "", restricted, remote.restricted, "restriction" in shown)


def _places(line: Line, remote: Remote) -> Iterator[tuple[str, str]]:
    """Where in the record the CRM's fields are, and what it calls them."""
    for key, name in line.names.items():
        yield f"profile/{key}", name
    for purpose, channel in (*remote.consents, *remote.flags):
        known = line.store.catalogue.purposes.get(purpose)
        there = known.crm.get(line.name, {}).get(channel) if known else None
        yield f"consents/{purpose}/{channel}/status", there.name if there else ""


def _points(line: Line, record: Record, remote: Remote, ours: State) -> Iterator[Beside]:
    country = home_country(line.store.catalogue, record)
    for name, place in line.points.items():
        our = ours.get(f"points/{name}")
        their = known_as(place, remote.points.get(name), country, str(our) if our else None)
        yield Beside(system_name(place.system), name, our, their, our != their)
