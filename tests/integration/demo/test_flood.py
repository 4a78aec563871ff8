"""Many invented customers at once, whose change log is as good as anybody's."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import URL

from portal.audit.cipher import WrappedKey
from portal.audit.entry import fold
from portal.audit.values import State
from portal.catalogue import Catalogue
from portal.cli.broken_flood import look_for_floods
from portal.crm.embedded import EmbeddedCrm
from portal.crm.embedded.card import find
from portal.demo import bulk
from portal.demo.flood import flood
from portal.errors import Forbidden
from portal.record.change import Changed, change, changes_since
from portal.record.gate import check
from portal.record.read import read
from portal.record.verify import verify
from portal.settings import Settings
from portal.sync.base import unseal_base
from portal.sync.drain import drain
from portal.sync.enroll import register
from portal.sync.line import Line
from tests.builders import an_intention, the_customer
from tests.conftest import Stores, make_settings, open_stores
from tests.integration.demo import killed_flood
from tests.integration.sync_stage import as_administrator


@pytest.fixture
def settings(empty_database: URL) -> Settings:
    return make_settings(empty_database)


@pytest.fixture
async def stores(settings: Settings, catalogue: Catalogue) -> AsyncIterator[Stores]:
    async with open_stores(settings, catalogue) as opened:
        yield opened


async def test_every_chain_holds_and_every_record_is_what_its_changes_add_up_to(
    settings: Settings, stores: Stores
) -> None:
    told: list[int] = []

    flood(settings, 60, 1_490, progress=told.append)
    flood(settings, 3, 7)  # and once more beside what is there

    report = await verify(stores.worker.database, stores.worker.keys)
    assert report.holds, report.findings
    assert (report.chains, report.entries) == (63, 1_497)
    assert sum(told) == 1_490


async def test_what_is_invented_passes_the_gate_and_can_be_changed_like_any_record(
    settings: Settings, stores: Stores, catalogue: Catalogue
) -> None:
    flood(settings, 5, 200)

    for row in await stores.worker.database.fetch_all("SELECT id FROM portal.customer"):
        stored = await read(stores.worker.database, stores.worker.keys, row["id"])
        assert stored is not None
        state: State = {}
        for entry in reversed(await changes_since(stores.worker, stored, 0)):
            assert entry.diffs
            check(catalogue, entry.actor, state, entry.diffs)
            state = fold(entry.diffs, state)
        me = an_intention("profile:changed", the_customer(stored.record.id))
        assert isinstance(await change(stores.customer, stored.record.id, me, {"profile/call_me": "Al"}), Changed)
    assert (await verify(stores.worker.database, stores.worker.keys)).holds


async def test_the_built_in_crm_has_them_all_as_a_worker_would_have_brought_them(
    settings: Settings, stores: Stores, catalogue: Catalogue, empty_database: URL
) -> None:
    flood(settings, 12, 140)
    flood(settings, 1, 230)  # a history that goes out in several pushes
    at_once = await _in_the_crm(stores)

    _forget_the_crm(empty_database)
    line = Line("embedded", EmbeddedCrm(stores.worker.database), stores.worker, 5, timedelta(seconds=30))
    await register(stores.worker.database, [line])
    while await drain(line):
        pass

    one_by_one = await _in_the_crm(stores)
    assert {table: len(rows) for table, rows in one_by_one.items()} == {
        "contact": 13, "search_key": len(at_once["search_key"]), "activity": 370, "delivery": 13, "sync_state": 13,
        "base": 13,
    }  # fmt: skip
    assert at_once == one_by_one


async def _in_the_crm(stores: Stores) -> dict[str, list[str]]:
    """All that the built-in CRM has, and what is known of it, but for ids, moments, and the noise of encryption."""
    database, keys = stores.worker.database, stores.worker.keys
    found: dict[str, list[str]] = {}
    for table, rest in IN_THE_CRM.items():
        rows = await database.fetch_all(f"SELECT {rest}")
        found[table] = sorted(str(sorted(row.items())) for row in rows)
    bases = await database.fetch_all("SELECT * FROM portal.sync_state s JOIN keys.customer_key k USING (customer_id)")
    found["base"] = []
    for row in sorted(bases, key=lambda row: str(row["customer_id"])):
        key = keys.unwrap(row["customer_id"], WrappedKey(row["wrapped"], row["wrapped_by"]))
        found["base"].append(repr(unseal_base(row["base"], key, "embedded", row["customer_id"])))
    return found


IN_THE_CRM = {
    "contact": "to_jsonb(c) - 'id' - 'updated_at' AS row FROM crm.contact c",
    "search_key": "c.portal_id, k.key FROM crm.search_key k JOIN crm.contact c ON c.id = k.contact_id",
    "activity": """c.portal_id, to_jsonb(a) - 'contact_id' AS row
        FROM crm.activity a JOIN crm.contact c ON c.id = a.contact_id""",
    "delivery": "customer_id, connector, through_seq FROM portal.delivery",
    "sync_state": """to_jsonb(s) - 'base' - 'remote_id' AS row, c.id::text = s.remote_id AS tied
        FROM portal.sync_state s JOIN crm.contact c ON c.portal_id = s.customer_id""",
}


def _forget_the_crm(url: URL) -> None:
    for statement in (
        "DELETE FROM crm.contact",
        "DELETE FROM portal.delivery",
        "DELETE FROM portal.sync_state",
        "INSERT INTO portal.sync_state (customer_id, connector, desired_seq, push_due_at) "
        "SELECT id, 'embedded', seq, now() FROM portal.customer",
    ):
        as_administrator(url, statement)


async def test_who_is_looked_for_at_the_desk_is_found(settings: Settings, stores: Stores) -> None:
    flood(settings, 3, 9)

    (found,) = await find(stores.staff.database, "F00000002")
    assert found.number == "F00000002"
    assert await find(stores.staff.database, found.name)


async def test_all_of_it_is_due_for_any_other_crm(settings: Settings, stores: Stores, empty_database: URL) -> None:
    as_administrator(empty_database, "INSERT INTO portal.connector (name, label) VALUES ('other', 'Other')")

    flood(settings, 4, 9)

    rows = await stores.worker.database.fetch_all(
        "SELECT desired_seq FROM portal.sync_state WHERE push_due_at <= now() AND connector = 'other'"
    )
    assert sorted(row["desired_seq"] for row in rows) == [2, 2, 2, 3]


async def test_all_changes_are_counted(settings: Settings, stores: Stores) -> None:
    flood(settings, 10, 300)

    (row,) = await stores.worker.database.fetch_all(
        "SELECT sum(changes)::bigint AS changes, sum(chains)::bigint AS chains FROM portal.change_count"
    )
    lately = await stores.worker.database.fetch_all(
        "SELECT FROM portal.change_record WHERE at > now() - interval '20 minutes'"
    )
    assert 300 - len(lately) <= row["changes"] <= 300
    assert row["chains"] == 10


async def test_a_large_flood_leaves_references_indexes_and_policies_as_they_were(
    settings: Settings, stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await _rules(stores)
    monkeypatch.setattr(bulk, "MANY", 100)

    flood(settings, 20, 200)

    assert await _rules(stores) == before
    assert (await verify(stores.worker.database, stores.worker.keys)).holds


async def test_after_one_that_was_killed_half_way_another_one_puts_all_in_order(
    settings: Settings, stores: Stores, empty_database: URL
) -> None:
    before = await _rules(stores)
    address = empty_database.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", killed_flood.__name__, address)
    assert await asyncio.wait_for(process.wait(), 60) == killed_flood.KILLED
    left = await _rules(stores)
    assert len(left) < len(before)
    assert [finding.needed for finding in look_for_floods(settings)] == [False]

    flood(settings, 2, 4)

    assert not [*look_for_floods(settings)]
    assert await _rules(stores) == before
    report = await verify(stores.worker.database, stores.worker.keys)
    assert report.holds, report.findings
    assert 2 < report.chains < 3_002


async def _rules(stores: Stores) -> list[str]:
    rows = await stores.worker.database.fetch_all("""
        SELECT pg_get_indexdef(indexrelid) AS rule FROM pg_index
        UNION ALL SELECT conrelid::regclass || conname || pg_get_constraintdef(oid) || convalidated FROM pg_constraint
        UNION ALL SELECT oid::regclass::text FROM pg_class WHERE relforcerowsecurity
        UNION ALL SELECT tablename FROM pg_tables WHERE schemaname = 'portal'""")
    return sorted(row["rule"] for row in rows)


@pytest.mark.parametrize(("customers", "changes"), [(0, 5), (5, 4)])
def test_there_is_no_customer_without_a_change(settings: Settings, customers: int, changes: int) -> None:
    with pytest.raises(ValueError, match="at least one change"):
        flood(settings, customers, changes)


def test_a_portal_for_others_than_this_machine_is_left_alone(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"public_url": "https://portal.example.com"})

    with pytest.raises(Forbidden, match="one's own machine"):
        flood(elsewhere, 1, 1)
