"""The whole way, with the real engine and a CRM that is reached over HTTP: what a customer says arrives there, what an
agent changes there arrives here, and a line that breaks in between changes nothing about it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from pytest_asyncio import fixture
from sqlalchemy import URL

from portal import clock
from portal.catalogue import Catalogue
from portal.sync.enroll import register
from portal.sync.line import Line
from portal.sync.poll import Poller
from tests.builders import a_consent, a_contact_point, a_customer
from tests.conformance.of_hubspot import NAMES as HUBSPOT
from tests.conformance.of_hubspot import hubspot
from tests.conformance.of_odoo import NAMES as ODOO
from tests.conformance.of_odoo import json2
from tests.conformance.of_salesforce import NAMES as SALESFORCE
from tests.conformance.of_salesforce import salesforce
from tests.conformance.of_tryton import NAMES as TRYTON
from tests.conformance.of_tryton import of_tryton
from tests.conformance.subject import NAME, Names, Subject, a_catalogue
from tests.conftest import Stores
from tests.integration.sync_stage import Stage, as_administrator
from tests.standins.server import Break, Fault

Made = Callable[[Stores], AbstractAsyncContextManager[Subject]]
CRMS: dict[str, tuple[Made, Names]] = {
    "hubspot": (hubspot, HUBSPOT),
    "odoo": (json2, ODOO),
    "salesforce": (salesforce, SALESFORCE),
}
ALL = {**{name: names for name, (_, names) in CRMS.items()}, "tryton": TRYTON}


def with_catalogue(stores: Stores, catalogue: Catalogue) -> Stores:
    return Stores(*(replace(one, catalogue=catalogue) for one in (stores.customer, stores.staff, stores.worker)))


@fixture(params=sorted(ALL))
async def subject(request: pytest.FixtureRequest, own_stores: Stores) -> AsyncIterator[Subject]:
    real = request.getfixturevalue("real_tryton") if request.param == "tryton" else ""
    async with of_tryton(real) if real else CRMS[request.param][0](own_stores) as made:
        made.connector.caps = replace(made.connector.caps, poll_seconds=0.0)
        yield made


@pytest.fixture
async def stage(request: pytest.FixtureRequest, subject: Subject, own_stores: Stores, own_url: URL) -> Stage:
    """A line to that CRM alone."""
    stores = with_catalogue(own_stores, a_catalogue(ALL[request.node.callspec.params["subject"]]))
    as_administrator(own_url, "TRUNCATE portal.sync_state, portal.connector CASCADE")
    line = Line(NAME, subject.connector, stores.worker, 100, timedelta(seconds=30))
    await register(stores.worker.database, [line])
    return Stage(stores, line, Poller(line, clock.uuid7()))


@pytest.fixture
async def alice(stage: Stage) -> UUID:
    """A customer who is in the CRM already."""
    values = a_contact_point("email", "alice@example.com")
    stored = await a_customer(stage.stores.worker, values=values, language="en", account_tier="home")
    await stage.settle()
    return stored.record.id


async def test_a_customer_is_in_the_crm_with_everything_that_it_has_a_field_for(
    stage: Stage, subject: Subject, alice: UUID
) -> None:
    there = await subject.there(alice)
    assert there is not None and there.seq == 1
    assert there.fields[subject.names["family_name"]] == "Marsh"
    assert "alice@example.com" in there.fields.values()
    assert len(there.timeline) == 1
    assert (await stage.state(alice))["status"] == "synced"


async def test_what_the_customer_changes_arrives_and_is_told_in_words(
    stage: Stage, subject: Subject, alice: UUID
) -> None:
    await stage.says(alice, {"profile/language": "de", "profile/good_to_know": "Ring twice."})
    await stage.settle()

    there = await subject.there(alice)
    assert there is not None and there.seq == 2
    assert there.fields[subject.names["language"]] == subject.raw_of("language", "de")
    assert "German" in there.timeline[-1]


async def test_what_an_agent_changes_there_arrives_here_and_both_sides_rest(
    stage: Stage, subject: Subject, alice: UUID
) -> None:
    await subject.promote(alice)
    await stage.settle()
    assert (await stage.record(alice)).profile["account_tier"] == "business"

    calls = len(subject.standin.calls) if subject.standin else 0
    await stage.settle()
    there = await subject.there(alice)
    assert there is not None and there.seq == (await stage.record(alice)).seq
    assert subject.standin is None or len(subject.standin.calls) - calls <= 2, "nobody plays ping-pong"


async def test_both_sides_at_once_lose_nothing(stage: Stage, subject: Subject, alice: UUID) -> None:
    await subject.promote(alice)
    await stage.says(alice, {"profile/call_me": "Ali", "profile/language": "de"})
    await stage.settle()

    record, there = await stage.record(alice), await subject.there(alice)
    assert (record.profile["account_tier"], record.profile["language"]) == ("business", "de")
    assert there is not None and there.fields[subject.names["language"]] == subject.raw_of("language", "de")
    assert there.fields[subject.names["account_tier"]] == "business"


async def test_an_opt_out_in_the_crm_is_an_opt_out_here(stage: Stage, subject: Subject, alice: UUID) -> None:
    field = next(p.writing.name for p in subject.connector._map.permissions if p.key == ("offers", "email"))  # type: ignore[attr-defined]
    await stage.says(alice, a_consent("offers", "email", "opt_in"), action="consent:given")
    await stage.settle()
    there = await subject.there(alice)
    assert there is not None and there.fields[field] == "opt_in"

    await subject.edit(alice, **{field: "opt_out"})
    await stage.settle()

    said = (await stage.record(alice)).consent("offers", "email")
    assert said is not None and said.status == "opt_out"


async def test_a_line_that_breaks_changes_nothing_about_it(stage: Stage, subject: Subject, alice: UUID) -> None:
    assert subject.standin is not None
    subject.standin.fail(Fault(after=True, breaks=Break.RESET))
    await stage.says(alice, {"profile/good_to_know": "Ring twice."})
    await stage.settle()
    await stage.later(minutes=10)
    await stage.settle()

    there = await subject.there(alice)
    assert there is not None and there.seq == 2
    assert len(there.timeline) == 2, "the change is told once"
    assert await subject.count(alice) == 1
    assert (await stage.state(alice))["status"] == "synced"


async def test_one_record_that_the_crm_refuses_is_parked_alone(stage: Stage, subject: Subject, alice: UUID) -> None:
    bob = (await a_customer(stage.stores.worker, given_name="Bob", family_name="Keller")).record.id
    # What the catalogue allows and this CRM does not know.
    mistaken = (await a_customer(stage.stores.worker, given_name="Carol", language="sw")).record.id
    await stage.settle()

    assert (await stage.state(bob))["status"] == "synced"
    parked = await stage.state(mistaken)
    assert parked["status"] == "parked"
    assert "sw" in parked["last_error"], "in the CRM's own words"
    assert await subject.there(mistaken) is None


async def test_one_change_that_a_timeline_refuses_parks_one(stage: Stage, subject: Subject, alice: UUID) -> None:
    others = [(await a_customer(stage.stores.worker, given_name="Bob")).record.id for _ in range(4)]
    await stage.settle()
    if not subject.refuse_story(f"{(await stage.stored(alice)).chain}/2"):
        pytest.skip("this CRM refuses no change record")
    for customer in (alice, *others):
        await stage.says(customer, {"profile/language": "de"})
    await stage.settle()

    assert [(await stage.state(customer))["status"] for customer in (alice, *others)] == ["parked", *["synced"] * 4]
    assert (await stage.state(alice))["last_error"].startswith("timeline: ")


async def test_of_a_batch_that_is_refused_whole_one_is_parked_and_nobody_else(
    stage: Stage, subject: Subject, alice: UUID
) -> None:
    bob, carol = [(await a_customer(stage.stores.worker, given_name=name)).record.id for name in ("Bob", "Carol")]
    await stage.settle()
    if not subject.refuse_whole():
        pytest.skip("this CRM says which record is wrong")
    await stage.says(alice, {"profile/language": "sw"})
    await stage.says(carol, {"profile/language": "de"})
    # One of them is not even in that call.
    await subject.promote(bob)
    await stage.says(bob, {"profile/language": "de"})
    await stage.drain()
    assert [(await stage.state(one))["status"] for one in (alice, carol)] == ["parked", "synced"]

    await stage.settle()
    assert (await stage.state(bob))["status"] == "synced"


async def test_of_two_who_are_merged_one_goes_on_and_the_other_is_parked(
    stage: Stage, subject: Subject, alice: UUID
) -> None:
    bob = (await a_customer(stage.stores.worker, given_name="Bob", family_name="Keller")).record.id
    await stage.settle()
    if not await subject.merge(alice, bob):
        pytest.skip("this CRM does not say what became of a contact")
    await stage.says(alice, {"profile/call_me": "Ali"})
    await stage.says(bob, {"profile/language": "de"})
    await stage.settle()

    parked, there = await stage.state(alice), await subject.there(bob)
    assert (parked["status"], "belongs to another customer" in parked["last_error"]) == ("parked", True)
    assert there is not None and there.fields[subject.names["language"]] == subject.raw_of("language", "de")
    assert (await stage.state(bob))["status"] == "synced"
    assert (await stage.state(bob))["remote_id"] == there.remote_id
