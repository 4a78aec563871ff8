"""What must hold when the storm is over, asked of the database and of both CRMs."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from portal.record.verify import verify
from portal.sync.line import Line
from tests.chaos.crm import RATE, FaultyCrm
from tests.chaos.load import Person
from tests.conftest import Stores

MADE = "SELECT count(*) AS made FROM portal.change_record WHERE customer_id = %s AND request_id = ANY(%s)"
STANDS = "SELECT profile->>'call_me' AS word FROM portal.customer WHERE id = %s"
GAPS = """
    SELECT c.number FROM portal.customer c WHERE c.seq <> (
        SELECT count(*) FROM portal.change_record r WHERE r.customer_id = c.id AND r.seq BETWEEN 1 AND c.seq)"""
UNMARKED = """
    SELECT c.number FROM portal.customer c CROSS JOIN portal.connector o
    LEFT JOIN portal.sync_state s ON s.customer_id = c.id AND s.connector = o.name
    WHERE s.desired_seq IS DISTINCT FROM c.seq"""
RESTLESS = "SELECT customer_id FROM portal.sync_state WHERE status <> 'synced' OR synced_seq <> desired_seq"
TWICE = "SELECT portal_id FROM crm.contact GROUP BY 1 HAVING count(*) > 1"
UNEQUAL = """
    SELECT c.number FROM portal.customer c LEFT JOIN crm.contact k ON k.portal_id = c.id
    WHERE k.portal_seq IS DISTINCT FROM c.seq OR k.fields->>'preferred_name' IS DISTINCT FROM c.profile->>'call_me'"""
TIMELINE = """
    SELECT c.number FROM portal.customer c WHERE c.seq <> (
        SELECT count(*) FROM crm.activity a JOIN crm.contact k ON k.id = a.contact_id WHERE k.portal_id = c.id)"""
RECORDS = "SELECT id, seq, chain, profile FROM portal.customer"


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant, how many things were looked at, and what breaks it."""

    law: str
    looked_at: int
    broken: Sequence[object]


async def findings(stores: Stores, people: Sequence[Person], crm: FaultyCrm, line: Line) -> AsyncIterator[Finding]:
    """Every invariant, one after the other."""
    database = stores.worker.database
    acknowledged = sum(len(person.acknowledged) for person in people)
    lost = [person.customer for person in people if not await _all_there(stores, person)]
    yield Finding("what was acknowledged is a change record, once", acknowledged, lost)
    overtaken = [person.customer for person in people if not await _stands(stores, person)]
    yield Finding("what was acknowledged last stands", len(people), overtaken)
    customers = len(await database.fetch_all(RECORDS))
    yield Finding("no chain has a gap", customers, await database.fetch_all(GAPS))
    report = await verify(database, stores.worker.keys)
    yield Finding("every chain verifies, and the record is what it adds up to", report.entries, report.findings)
    yield Finding("each change is due in, or has reached, every CRM", customers, await database.fetch_all(UNMARKED))
    yield Finding("every CRM has every record's last version", customers * 2, await database.fetch_all(RESTLESS))
    yield Finding("the built-in CRM says what the records say", customers, await database.fetch_all(UNEQUAL))
    yield Finding("its timeline has each change once", customers, await database.fetch_all(TIMELINE))
    yield Finding("nobody is there twice", customers, await database.fetch_all(TWICE))
    rows = await database.fetch_all(RECORDS)
    wrong = [row["id"] for row in rows if not _says_the_same(row, crm, line)]
    yield Finding("the faulty CRM says what the records say", customers, wrong)
    late = [row["id"] for row in rows if not _told_once(row, crm)]
    yield Finding("its timeline has each change once and in order", customers, late)
    twice = [] if crm.created == customers else [crm.created]
    yield Finding("it made each contact once", crm.created, twice)
    yield Finding("it was called no more often than it allows", len(crm.calls), _too_often(crm.calls))


async def _all_there(stores: Stores, person: Person) -> bool:
    requests = list(person.acknowledged)
    row = await stores.worker.database.fetch_one(MADE, [person.customer, requests])
    assert row is not None
    return bool(row["made"] == len(requests))


async def _stands(stores: Stores, person: Person) -> bool:
    """A word that was sent after it may have been written without anybody hearing of it."""
    row = await stores.worker.database.fetch_one(STANDS, [person.customer])
    assert row is not None
    last = list(person.acknowledged.values())[-1:]
    return not last or _number(row["word"]) >= _number(last[0])


def _number(word: str) -> int:
    return int(word.rpartition(" ")[2])


def _says_the_same(row: dict[str, object], crm: FaultyCrm, line: Line) -> bool:
    contact = crm.contacts.get(str(row["id"]), {"seq": 0, "fields": {}})
    profile = row["profile"]
    assert isinstance(profile, dict)
    ours = {name: profile.get(key) for key, name in line.names.items()}
    return contact["seq"] == row["seq"] and {name: contact["fields"].get(name) for name in ours} == ours


def _told_once(row: dict[str, object], crm: FaultyCrm) -> bool:
    contact = crm.contacts.get(str(row["id"]), {"timeline": []})
    seq = row["seq"]
    assert isinstance(seq, int)
    return [entry for entry, _text in contact["timeline"]] == [f"{row['chain']}/{n}" for n in range(1, seq + 1)]


def _too_often(calls: Sequence[float]) -> list[str]:
    """In any window of the rate's length at most twice its size: a full bucket, and what came back meanwhile."""
    most = 2 * RATE.calls
    pairs = pairwise([*calls[: len(calls) - most], None]) if len(calls) > most else ()
    windows = [calls[at + most] - begin for at, (begin, _next) in enumerate(pairs) if begin is not None]
    return [f"{most} calls in {window:.1f} s" for window in windows if window < RATE.seconds][:3]
