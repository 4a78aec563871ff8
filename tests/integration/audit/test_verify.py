"""A change log that can prove itself: whatever is altered behind the portal's back, as the owner of the tables."""

from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy import URL

from portal.catalogue import Catalogue
from portal.record.change import change
from portal.record.read import StoredRecord
from portal.record.verify import Report, verify, verify_one
from tests.builders import a_customer, a_note, an_intention, the_customer
from tests.conftest import Stores, make_settings, open_stores


@pytest.fixture
async def log(empty_database: URL, catalogue: Catalogue) -> AsyncIterator[Stores]:
    """A change log of its own: these tests break it."""
    async with open_stores(make_settings(empty_database), catalogue) as stores:
        yield stores


@pytest.fixture
async def alice(log: Stores) -> StoredRecord:
    """Alice with four changes, and Bob with one beside her."""
    await a_customer(log.worker, given_name="Bob")
    alice = await a_customer(log.worker)
    me = the_customer(alice.record.id)
    await change(log.customer, alice.record.id, an_intention("profile:changed", me), {"profile/call_me": "Al"})
    await change(log.customer, alice.record.id, an_intention("note:added", me), a_note())
    await change(log.customer, alice.record.id, an_intention("profile:changed", me), {"profile/call_me": "Ally"})
    return alice


async def _verify(log: Stores) -> Report:
    return await verify(log.worker.database, log.worker.keys)


async def test_an_untouched_log_holds_and_says_how_much_it_walked(log: Stores, alice: StoredRecord) -> None:
    report = await _verify(log)

    assert report.holds
    assert (report.expected_chains, report.chains) == (2, 2)
    assert (report.expected_entries, report.entries) == (5, 5)


async def test_a_change_may_have_brought_several_notes(log: Stores, alice: StoredRecord) -> None:
    many = {path: value for n in range(20) for path, value in a_note(f"Note {n}").items()}
    await change(log.customer, alice.record.id, an_intention("note:added", the_customer(alice.record.id)), many)

    assert (await _verify(log)).holds


@pytest.mark.parametrize(
    ("tampering", "seq", "why"),
    [
        ("UPDATE portal.change_record SET entry = replace(convert_from(entry, 'UTF8'), 'note:added', 'note:add!')"
         "::bytea WHERE {me} AND seq = 3", 3, "hash is another"),
        ("UPDATE portal.change_record SET entry = e.entry, leaf = e.leaf FROM (SELECT entry, leaf FROM"
         " portal.change_record WHERE {me} AND seq = 2) e WHERE {me} AND seq = 4", 4, "does not follow"),
        ("UPDATE portal.change_record SET actor_kind = 'agent' WHERE {me} AND seq = 2", 2, "columns beside"),
        ("UPDATE portal.change_record SET at = at - interval '1 day' WHERE {me} AND seq = 2", 2, "columns beside"),
        ("UPDATE portal.change_record SET paths = '{{}}' WHERE {me} AND seq = 2", 2, "columns beside"),
        ("DELETE FROM portal.change_record WHERE {me} AND seq = 2", 2, "change 2 is missing"),
        ("DELETE FROM portal.change_record WHERE {me} AND seq = 4", 4, "change 4 is missing"),
        ("DELETE FROM portal.change_record WHERE {me}", 1, "change 1 is missing"),
        ("UPDATE portal.customer SET profile = profile || '{{\"call_me\": \"Mal\"}}' WHERE id = {id}", 4, "call_me"),
        ("UPDATE portal.note SET body = 'You may come in.' WHERE {me}", 3, "body"),
        ("DELETE FROM portal.note WHERE {me}", 3, "notes/"),
        ("UPDATE portal.note SET said = jsonb_set(said, '{{kind}}', '\"agent\"') WHERE {me}", 3, "notes/"),
        ("UPDATE portal.customer SET provenance = jsonb_set(provenance, '{{call_me,seq}}', '2') WHERE id = {id}",
         4, "profile/call_me"),
        ("UPDATE portal.note_revision SET body = 'You may come in.' WHERE {me}", 3, "notes/"),
        ("DELETE FROM portal.note_revision WHERE {me}", 3, "notes/"),
        ("UPDATE portal.customer SET profile = profile || '{{\"pronunciation\": \"x\"}}' WHERE id = {id}",
         4, "pronunciation"),
        ("INSERT INTO portal.change_record SELECT customer_id, 104, at, action, actor_kind, actor_id, via,"
         " gen_random_uuid(), paths, entry, leaf FROM portal.change_record WHERE {me} AND seq = 4",
         5, "change 5 is missing"),
        ("INSERT INTO portal.change_record SELECT customer_id, 5, at, action, actor_kind, actor_id, via,"
         " gen_random_uuid(), paths, entry, leaf FROM portal.change_record WHERE {me} AND seq = 4", 5, "beyond"),
        ("UPDATE portal.customer SET head = decode(repeat('ab', 32), 'hex') WHERE id = {id}", 4, "head"),
        ("UPDATE portal.customer SET chain = gen_random_uuid() WHERE id = {id}", 1, "another place"),
        ("UPDATE keys.customer_key SET wrapped = (SELECT wrapped FROM keys.customer_key WHERE NOT {me}) WHERE {me}",
         0, "unwrapped"),
        ("DELETE FROM keys.customer_key WHERE {me}", 0, "key has disappeared"),
    ],
)  # fmt: skip
async def test_what_is_altered_behind_the_portals_back_is_named(
    log: Stores, alice: StoredRecord, empty_database: URL, tampering: str, seq: int, why: str
) -> None:
    address = empty_database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as owner:
        done = owner.execute(tampering.format(me=f"customer_id = '{alice.record.id}'", id=f"'{alice.record.id}'"))
        assert done.rowcount >= 1, "the tampering has to happen for the test to mean something"

    report = await _verify(log)

    [finding] = report.findings
    assert not report.holds
    assert finding.number == alice.record.number
    assert finding.seq == seq
    assert why in finding.why
    if "chain = " not in tampering:
        assert finding.chain == alice.chain


async def test_of_whom_is_erased_the_hashes_verify(log: Stores, alice: StoredRecord, empty_database: URL) -> None:
    _erase(empty_database, alice)

    report = await _verify(log)

    assert report.holds, report.findings
    assert report.erased == [alice.record.number]
    assert (report.chains, report.entries) == (2, 5)
    assert await verify_one(log.worker.database, log.worker.keys, alice.record.id) is None


@pytest.mark.parametrize(
    ("tampering", "seq", "why"),
    [
        ("UPDATE portal.change_record SET entry = entry || ' ' WHERE {me} AND seq = 3", 3, "hash is another"),
        ("DELETE FROM portal.change_record WHERE {me} AND seq = 4", 4, "change 4 is missing"),
        ("INSERT INTO portal.note_revision VALUES ({id}, gen_random_uuid(), 1, 'Leave it there.', 3, now())",
         0, "key has disappeared"),
    ],
)  # fmt: skip
async def test_what_is_done_to_the_chain_of_the_erased_is_found_too(
    log: Stores, alice: StoredRecord, empty_database: URL, tampering: str, seq: int, why: str
) -> None:
    _erase(empty_database, alice, tampering)

    report = await _verify(log)

    [finding] = report.findings
    assert (finding.number, finding.seq) == (alice.record.number, seq)
    assert why in finding.why
    assert not report.erased


def _erase(database: URL, stored: StoredRecord, then: str = "SELECT") -> None:
    """Destroy a customer's key and empty the record, as the owner of the tables."""
    tables = ("keys.customer_key", "portal.contact_point", "portal.contact_window", "portal.note_revision",
              "portal.note", "portal.login", "portal.contact_point_type_consent")  # fmt: skip
    with psycopg.connect(database.set(drivername="postgresql").render_as_string(hide_password=False)) as owner:
        for table in tables:
            owner.execute(f"DELETE FROM {table} WHERE customer_id = %s", [stored.record.id])
        owner.execute(
            "UPDATE portal.customer SET profile = '{}', provenance = '{}', name = '' WHERE id = %s", [stored.record.id]
        )
        owner.execute(then.format(me=f"customer_id = '{stored.record.id}'", id=f"'{stored.record.id}'"))


async def test_a_broken_entry_does_not_take_the_record_from_the_customer(
    log: Stores, alice: StoredRecord, empty_database: URL
) -> None:
    from portal.record.read import read

    address = empty_database.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as owner:
        owner.execute(
            "UPDATE portal.change_record SET entry = '{}' WHERE customer_id = %s AND seq = 4", [alice.record.id]
        )

    stored = await read(log.customer.database, log.customer.keys, alice.record.id)

    assert stored is not None
    assert [c.entry.seq for c in stored.recent] == [3, 2]
