"""What must hold when the storm is over, asked of the database and of both CRMs. Each of these can be broken, and
tests/integration/chaos breaks each."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.audit.entry import Entry, unseal
from portal.record.read import StoredRecord, read
from portal.record.verify import verify
from portal.sync.inbound import NOT_KEPT
from tests.chaos.crm import LIMIT, WINDOW, Edit, FaultyHubSpot
from tests.chaos.lines import THERE
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
UNEQUAL = """
    SELECT c.number FROM portal.customer c LEFT JOIN crm.contact k ON k.portal_id = c.id
    WHERE k.portal_seq IS DISTINCT FROM c.seq OR k.fields->>'preferred_name' IS DISTINCT FROM c.profile->>'call_me'
        OR k.fields->>'account_tier' IS DISTINCT FROM c.profile->>'account_tier'
        OR (SELECT jsonb_object_agg(p->>'id', p->>'value') FROM jsonb_array_elements(k.contact_points) p)
            IS DISTINCT FROM (
                SELECT jsonb_object_agg(p.id, p.value) FROM portal.contact_point p WHERE p.customer_id = c.id)"""
UNTOLD = """
    SELECT c.number FROM portal.customer c WHERE c.seq <> (
        SELECT count(*) FROM crm.activity a JOIN crm.contact k ON k.id = a.contact_id WHERE k.portal_id = c.id)"""
RECORDS = "SELECT id FROM portal.customer"
ENTRIES = "SELECT entry FROM portal.change_record WHERE customer_id = %s ORDER BY seq"
DELIVERIES = """
    SELECT s.customer_id FROM portal.sync_state s WHERE s.synced_seq > coalesce(
        (SELECT max(d.through_seq) FROM portal.delivery d
            WHERE d.customer_id = s.customer_id AND d.connector = s.connector), 0)"""


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant, how many things were looked at, and what breaks it."""

    law: str
    looked_at: int
    broken: Sequence[object]


async def findings(stores: Stores, people: Sequence[Person], crm: FaultyHubSpot) -> AsyncIterator[Finding]:
    """Every invariant, one after the other."""
    database = stores.worker.database
    acknowledged = sum(len(person.acknowledged) for person in people)
    lost = [person.customer for person in people if not await _all_there(stores, person)]
    yield Finding("what was acknowledged is a change record, once", acknowledged, lost)
    overtaken = [person.customer for person in people if not await _stands(stores, person)]
    yield Finding("what was acknowledged last stands", len(people), overtaken)
    records = [await _record(stores, row["id"]) for row in await database.fetch_all(RECORDS)]
    customers = len(records)
    yield Finding("no chain has a gap", customers, await database.fetch_all(GAPS))
    report = await verify(database, stores.worker.keys)
    yield Finding(
        "every chain verifies, and the record is what it adds up to", report.entries, [*report.findings, *report.erased]
    )
    yield Finding("each change is marked for every CRM", customers, await database.fetch_all(UNMARKED))
    yield Finding("what is in a CRM was written down as delivered", customers, await database.fetch_all(DELIVERIES))
    yield Finding("the built-in CRM says what the records say", customers, await database.fetch_all(UNEQUAL))
    yield Finding("its timeline has each change", customers, await database.fetch_all(UNTOLD))
    wrong = [stored.record.id for stored in records if not _says_the_same(stored, crm)]
    yield Finding("HubSpot says what the records say", customers, wrong)
    untold = [stored.record.id for stored in records if not _told_once(stored, crm)]
    yield Finding("it has a note of each change, once", customers, untold)
    yield Finding("it has nobody twice, and nobody else", len(crm.contacts), _strangers(records, crm))
    sent = [json.loads(call.body) for call in crm.calls if crm.writes_contacts(call)]
    yield Finding("nobody's values were sent into another's contact", len(sent), list(_mixed_up(records, sent)))
    words = list({(edit.customer, edit.name): edit for edit in crm.edits}.values())
    silenced = [edit for edit in words if not await _heard(stores, crm, edit)]
    yield Finding("the agents' last words stand, or are in the log", len(words), silenced)
    yield Finding("HubSpot was called no more often than it allows", len(crm.times), _too_often(crm.times))


async def _record(stores: Stores, customer: UUID) -> StoredRecord:
    stored = await read(stores.worker.database, stores.worker.keys, customer)
    assert stored is not None
    return stored


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


def _number(word: str | None) -> int:
    number = str(word).rpartition(" ")[2]
    return int(number) if number.isdecimal() else -1


def _says_the_same(stored: StoredRecord, crm: FaultyHubSpot) -> bool:
    record, thing = stored.record, crm.find("portal_id", str(stored.record.id))
    if thing is None:
        return False
    emails = [point.value for point in record.contact_points if point.system == "email"][:1]
    ours = {there: record.profile.get(key) or "" for key, there in THERE.items()} | {"email": "".join(emails)}
    theirs = {name: thing.properties.get(name, "") for name in ours}
    return theirs == ours and thing.properties["portal_seq"] == str(record.seq)


def _told_once(stored: StoredRecord, crm: FaultyHubSpot) -> bool:
    thing = crm.find("portal_id", str(stored.record.id))
    hers = [crm.notes[note].properties for note, contact in crm.associated if thing and contact == thing.id]
    told = sorted(int(note["portal_entry_id"].rpartition("/")[2]) for note in hers)
    return told == list(range(1, stored.record.seq + 1))


def _strangers(records: Sequence[StoredRecord], crm: FaultyHubSpot) -> list[str]:
    known = sorted(str(stored.record.id) for stored in records)
    there = sorted(thing.properties.get("portal_id", "nobody") for thing in crm.contacts.values())
    return (
        [] if there == known else [id for id in there if there.count(id) > 1 or id not in known] or ["one is missing"]
    )


def _mixed_up(records: Sequence[StoredRecord], sent: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Each customer has a name of their own."""
    names = {str(stored.record.id): stored.record.profile["family_name"] for stored in records}
    for one in (one for batch in sent for one in batch["inputs"]):
        if one["properties"]["lastname"] != names.get(one["id"]) or one["properties"]["portal_id"] != one["id"]:
            yield one["id"]


async def _heard(stores: Stores, crm: FaultyHubSpot, edit: Edit) -> bool:
    """Unless a call that could not know of it was done after it, or they wrote what stood there already."""
    if edit in crm.overtaken:
        return True
    stored = await _record(stores, UUID(edit.customer))
    rows = await stores.worker.database.fetch_all(ENTRIES, [stored.record.id])
    return any(_has(unseal(bytes(row["entry"]), stored.key), edit.value) for row in rows)


def _has(entry: Entry, word: str) -> bool:
    lost = (text for name, text in entry.evidence.personal.items() if name.startswith(NOT_KEPT))
    return word in (*(diff.new for diff in entry.diffs), *lost)


def _too_often(times: Sequence[float]) -> list[str]:
    """In any window at most twice its size: a full bucket, and what came back meanwhile."""
    most = 2 * LIMIT
    windows = [times[at + most] - times[at] for at in range(len(times) - most)]
    return [f"{most} calls in {window:.1f} s" for window in windows if window < WINDOW][:3]
