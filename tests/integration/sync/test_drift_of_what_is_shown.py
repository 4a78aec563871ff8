"""Drift in what a CRM only shows: contact points, windows, notes and the timeline in the built-in one, addresses and
the summary in the fields of another."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from pytest_asyncio import fixture
from sqlalchemy import URL

from portal import clock
from portal.record.flat import flatten
from portal.sync.enroll import register
from portal.sync.line import Line
from portal.sync.poll import Poller
from portal.sync.sweep import sweep
from tests.builders import a_contact_point, a_customer, a_window
from tests.conformance.of_hubspot import NAMES, OfHubSpot, hubspot
from tests.conformance.subject import NAME, a_catalogue
from tests.conftest import Stores
from tests.integration.sync.test_drift import drift
from tests.integration.sync_stage import Stage, as_administrator, stage

__all__ = ["stage"]


@pytest.fixture
async def alice(stage: Stage) -> UUID:
    """A customer in the built-in CRM, with all that it keeps."""
    await stage.all("UPDATE portal.sync_state SET status = 'waiting', base = NULL, remote_id = NULL")
    values = a_contact_point("email", rank=1) | a_window()
    stored = await a_customer(stage.stores.worker, values=values, language="en")
    await stage.settle()
    await stage.says(stored.record.id, {"profile/language": "de"})
    await stage.settle()
    return stored.record.id


async def swept(stage: Stage) -> int:
    await stage.later(minutes=2)
    return await sweep(stage.line, size=100, grace=0)


@pytest.mark.parametrize("collection", ["contact_points", "contact_windows", "notes"])
async def test_a_copy_that_is_no_copy_any_more_is_written_again(
    stage: Stage, alice: UUID, own_url: URL, collection: str
) -> None:
    there = {"notes": '[{"id": "018f0000-0000-7000-8000-0000000000aa"}]'}.get(collection, "[]")
    as_administrator(own_url, f"UPDATE crm.contact SET {collection} = %s WHERE portal_id = %s", there, alice)

    assert await swept(stage) == 1
    assert await drift(stage, alice) == [{"paths": [collection]}]
    await stage.settle()

    assert flatten((await stage.sees(alice)).record) == flatten(await stage.record(alice))
    assert (await swept(stage), (await stage.record(alice)).seq) == (0, 2), "nobody has said anything"


async def test_what_is_missing_in_a_timeline_is_told_again(stage: Stage, alice: UUID, own_url: URL) -> None:
    gone = "DELETE FROM crm.activity a USING crm.contact c WHERE c.id = a.contact_id AND a.seq = 2 AND c.portal_id = %s"
    as_administrator(own_url, gone, alice)
    as_administrator(own_url, "UPDATE crm.contact SET timeline_seq = 1 WHERE portal_id = %s", alice)

    assert await swept(stage) == 1
    assert await drift(stage, alice) == [{"timeline": 1}]
    await stage.settle()

    assert [entry.seq for entry in (await stage.sees(alice)).activity] == [2, 1]
    assert await swept(stage) == 0


@fixture
async def there(own_stores: Stores) -> AsyncIterator[OfHubSpot]:
    async with hubspot(own_stores) as subject:
        assert isinstance(subject, OfHubSpot)
        yield subject


@pytest.fixture
async def elsewhere(there: OfHubSpot, own_stores: Stores, own_url: URL) -> Stage:
    """A line to HubSpot alone."""
    each = (own_stores.customer, own_stores.staff, own_stores.worker)
    stores = Stores(*(replace(one, catalogue=a_catalogue(NAMES)) for one in each))
    as_administrator(own_url, "TRUNCATE portal.sync_state, portal.connector CASCADE")
    line = Line(NAME, there.connector, stores.worker, 100, timedelta(seconds=30))
    await register(stores.worker.database, [line])
    return Stage(stores, line, Poller(line, clock.uuid7()))


@pytest.mark.parametrize("field", ["email", "contact_summary"])
async def test_a_field_that_was_written_past_the_feed_is_found(elsewhere: Stage, there: OfHubSpot, field: str) -> None:
    values = a_contact_point("email", "alice@example.com", rank=1) | a_window()
    alice = (await a_customer(elsewhere.stores.worker, values=values, language="en")).record.id
    await elsewhere.settle()
    await elsewhere.poller.poll()
    thing = there.hubspot.find("portal_id", str(alice))
    assert thing is not None
    ours, thing.properties[field] = thing.properties[field], "alice@example.net"

    assert await swept(elsewhere) == 1
    await elsewhere.drain()
    await elsewhere.drain()

    [point] = (await elsewhere.record(alice)).contact_points
    assert point.value == ("alice@example.net" if field == "email" else "alice@example.com")
    assert thing.properties[field] == ("alice@example.net" if field == "email" else ours)
    assert await swept(elsewhere) == 0
