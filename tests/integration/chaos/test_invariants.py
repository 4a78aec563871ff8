"""What the chaos run asks in the end can be answered with no: each invariant is broken once, and says so."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from pytest_asyncio import fixture
from sqlalchemy import URL

from portal import clock
from portal.audit.entry import Actor, ActorKind
from portal.record.change import Intention, change
from portal.settings import Settings
from portal.sync.drain import drain
from portal.sync.enroll import register
from portal.sync.poll import Poller
from tests.builders import a_contact_point, a_customer
from tests.chaos.crm import Edit, FaultyHubSpot
from tests.chaos.invariants import Finding, findings
from tests.chaos.lines import both, lines
from tests.chaos.load import Person
from tests.conftest import Stores, open_stores
from tests.integration.sync_stage import as_administrator
from tests.standins.server import Call

Spoil = Callable[["Scene"], object]


@dataclass
class Scene:
    """After a storm, at rest."""

    stores: Stores
    crm: FaultyHubSpot
    url: URL
    people: list[Person]

    @property
    def alice(self) -> Person:
        return self.people[0]

    def sql(self, statement: str) -> None:
        """As no role of the portal may."""
        as_administrator(self.url, statement, str(self.alice.customer))

    async def found(self) -> dict[str, Finding]:
        return {each.law: each async for each in findings(self.stores, self.people, self.crm)}


@fixture(scope="module")
async def scene(own_settings: Settings, own_url: URL) -> AsyncIterator[Scene]:
    crm = FaultyHubSpot()
    async with open_stores(own_settings, both()) as stores, crm.serving():
        people = [await somebody(stores, number) for number in range(2)]
        async with lines(own_settings, stores.worker, crm.url) as ours:
            await register(stores.worker.database, ours)
            await stores.worker.database.fetch_all("UPDATE portal.connector SET added_at = now() - interval '1 hour'")
            for person in people:
                await says(stores, person, "Al 1")
            for line in ours:
                poller = Poller(line, clock.uuid7())
                while await drain(line) or await poller.poll():
                    pass
            crm.agent_edits(str(people[0].customer), "plan", "business")
            await stores.worker.database.fetch_all("UPDATE portal.sync_state SET pull_due_at = clock_timestamp()")
            for line in [*ours, *ours, *ours]:
                while await drain(line):
                    pass
        yield Scene(stores, crm, own_url, people)


async def somebody(stores: Stores, number: int) -> Person:
    values = a_contact_point("email", f"customer-{number}@example.com", rank=1)
    stored = await a_customer(stores.worker, values=values, family_name=f"Marsh-{number}")
    return Person(stored.record.id, {})


async def says(stores: Stores, person: Person, word: str) -> None:
    me, request = Actor(ActorKind.CUSTOMER, str(person.customer), "portal"), uuid4()
    await change(stores.customer, person.customer, Intention("profile:changed", me, request), {"profile/call_me": word})
    person.acknowledged[request] = word


def a_call(scene: Scene) -> None:
    """One that gave Alice another name."""
    [alice, _bob] = scene.people
    properties = {"lastname": "Keller", "portal_id": str(alice.customer)}
    body = json.dumps({"inputs": [{"id": str(alice.customer), "properties": properties}]}).encode()
    scene.crm.calls.append(Call("POST", "/crm/v3/objects/contacts/batch/upsert", {}, body))


def there(scene: Scene) -> dict[str, str]:
    """Alice in HubSpot."""
    thing = scene.crm.find("portal_id", str(scene.alice.customer))
    assert thing is not None
    return thing.properties


def promise(scene: Scene, request: UUID, word: str) -> None:
    scene.alice.acknowledged[request] = word


SPOILT: dict[str, Spoil] = {
    "HubSpot was called no more often than it allows": lambda s: s.crm.times.extend([0.0] * 400),
    "nobody's values were sent into another's contact": a_call,
    "the agents' last words stand, or are in the log": lambda s: s.crm.edits.append(
        Edit(str(s.alice.customer), "call_me", "unheard")
    ),
    "it has nobody twice, and nobody else": lambda s: s.crm.add({"lastname": "Mallory"}),
    "it has a note of each change, once": lambda s: s.crm.associated.pop(),
    "HubSpot says what the records say": lambda s: there(s).update(firstname="Mallory"),
    "its timeline has each change": lambda s: s.sql(
        "DELETE FROM crm.activity a USING crm.contact c WHERE c.id = a.contact_id AND c.portal_id = %s AND a.seq = 1"
    ),
    "the built-in CRM says what the records say": lambda s: s.sql(
        """UPDATE crm.contact SET contact_points = '[]' WHERE portal_id = %s"""
    ),
    "what is in a CRM was written down as delivered": lambda s: s.sql(
        "UPDATE portal.sync_state SET synced_seq = synced_seq + 1 WHERE customer_id = %s"
    ),
    "each change is marked for every CRM": lambda s: s.sql(
        "UPDATE portal.sync_state SET desired_seq = desired_seq - 1 WHERE customer_id = %s"
    ),
    "what was acknowledged last stands": lambda s: promise(s, next(iter(s.alice.acknowledged)), "Al 99"),
    "what was acknowledged is a change record, once": lambda s: promise(s, uuid4(), "Al 1"),
    "every chain verifies, and the record is what it adds up to": lambda s: s.sql(
        'UPDATE portal.customer SET profile = profile || \'{"call_me": "Al 7"}\' WHERE id = %s'
    ),
    "no chain has a gap": lambda s: s.sql("DELETE FROM portal.change_record WHERE customer_id = %s AND seq = 1"),
}


async def test_after_a_calm_day_everything_holds(scene: Scene) -> None:
    found = await scene.found()
    assert {law: each.broken for law, each in found.items() if each.broken} == {}
    assert found.keys() == SPOILT.keys(), "each has somebody who breaks it"
    assert all(each.looked_at for each in found.values())


@pytest.mark.parametrize("law", SPOILT)
async def test_it_is_seen_when_it_is_broken(scene: Scene, law: str) -> None:
    """What one test has broken stays broken for the next: each still finds its own law whole."""
    assert not (await scene.found())[law].broken
    SPOILT[law](scene)
    assert (await scene.found())[law].broken
