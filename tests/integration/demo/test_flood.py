"""Many invented customers at once, whose change log is as good as anybody's."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL

from portal.audit.entry import fold
from portal.audit.values import State
from portal.catalogue import Catalogue
from portal.demo.flood import flood
from portal.errors import Forbidden
from portal.record.change import Changed, change, changes_since
from portal.record.gate import check
from portal.record.read import read
from portal.record.verify import verify
from portal.settings import Settings
from tests.builders import an_intention, the_customer
from tests.conftest import Stores, make_settings, open_stores


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


async def test_all_of_it_is_due_for_the_crm(settings: Settings, stores: Stores) -> None:
    flood(settings, 4, 9)

    rows = await stores.worker.database.fetch_all(
        "SELECT desired_seq FROM portal.sync_state WHERE push_due_at <= now()"
    )
    assert sorted(row["desired_seq"] for row in rows) == [2, 2, 2, 3]


@pytest.mark.parametrize(("customers", "changes"), [(0, 5), (5, 4)])
def test_there_is_no_customer_without_a_change(settings: Settings, customers: int, changes: int) -> None:
    with pytest.raises(ValueError, match="at least one change"):
        flood(settings, customers, changes)


def test_a_portal_for_others_than_this_machine_is_left_alone(settings: Settings) -> None:
    elsewhere = settings.model_copy(update={"public_url": "https://portal.example.com"})

    with pytest.raises(Forbidden, match="one's own machine"):
        flood(elsewhere, 1, 1)
