"""Customers, agents, a bad line and a clock, in any order: at rest both sides are equal, and no word is invented."""

import random
from uuid import UUID

import pytest

from portal.audit.entry import unseal
from portal.audit.values import Value
from portal.record.flat import flatten
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import Fault, RemoteCrm
from tests.integration.sync_stage import Stage, a_stage

CUSTOMERS = 4
STEPS = 60
TIERS = ("home", "home_plus", "business")
LANGUAGES = ("en", "de", "fr", "es")


@pytest.mark.parametrize("conditional", [True, False])
@pytest.mark.parametrize("seed", range(4))
async def test_at_rest_both_sides_are_equal(own_stores: Stores, seed: int, conditional: bool) -> None:
    chance = random.Random(seed)
    crm = RemoteCrm(conditional=conditional, tells_timeline=bool(seed % 2))
    stage = await a_stage(own_stores, crm, batch=3)
    customers = [(await a_customer(own_stores.worker, account_tier="home")).record.id for _ in range(CUSTOMERS)]
    there: dict[UUID, set[Value]] = {customer: {"home"} for customer in customers}

    for _ in range(STEPS):
        await step(chance, stage, crm, chance.choice(customers), there)
    crm.faults.clear()
    crm.deaf = None
    await stage.all("UPDATE portal.sync_state SET push_due_at = now() WHERE status = 'parked'")  # somebody tries again
    for _ in range(4):
        await stage.later(minutes=6)
        crm.land()
        await stage.settle()

    for customer in customers:
        await at_rest(stage, crm, customer, there[customer], conditional)
    calls = crm.calls
    await stage.later(days=1)
    await stage.settle()
    assert crm.calls == calls, "nothing goes to and fro"


async def step(
    chance: random.Random, stage: Stage, crm: RemoteCrm, customer: UUID, there: dict[UUID, set[Value]]
) -> None:
    match chance.randrange(8):
        case 0 | 1:
            await says(stage, customer, "profile/language", chance.choice(LANGUAGES))
        case 2 if customer in crm.contacts:
            tier = chance.choice(TIERS)
            there[customer].add(tier)
            crm.edit(customer, {"account_tier": tier})
        case 3 if customer in crm.contacts:
            crm.edit(customer, {"language": chance.choice(LANGUAGES)})
        case 4:
            crm.fail(customer, chance.choice(list(Fault)))
        case 5:
            await stage.later(seconds=chance.choice((0.5, 3, 31, 120)))
        case 6:
            crm.land()
            crm.deaf = ConnectionResetError() if chance.random() < 0.2 else None
        case _:
            await stage.poller.poll()
            await stage.drain()


async def says(stage: Stage, customer: UUID, path: str, value: Value) -> None:
    if (await stage.record(customer)).profile.get("language") != value:
        await stage.says(customer, {path: value})


async def at_rest(stage: Stage, crm: RemoteCrm, customer: UUID, there: set[Value], conditional: bool) -> None:
    record, contact = await stage.record(customer), crm.contacts[customer]
    state = await stage.state(customer)
    ours = {name: record.profile.get(key) for key, name in stage.line.names.items()}
    theirs = {name: contact.fields.get(name) for name in ours}
    assert (state["status"], state["last_error"]) == ("synced", None)
    assert theirs == ours
    assert (state["synced_seq"], contact.seq) == (record.seq, record.seq)
    chain = (await stage.stored(customer)).chain
    assert sorted(contact.timeline) == sorted(f"{chain}/{seq}" for seq in range(1, record.seq + 1))
    # Nobody is said to have said what they did not: agents' words in the log are words that agents said.
    stored = await stage.stored(customer)
    entries = await stage.all("SELECT entry FROM portal.change_record WHERE customer_id = %s", customer)
    for row in entries:
        entry = unseal(bytes(row["entry"]), stored.key)
        if entry.actor.via == "crm:embedded":
            tiers = [diff.new for diff in entry.diffs if diff.path == "profile/account_tier"]
            assert set(tiers) <= there
            if conditional:
                assert entry.actor.id == "omar"
    assert flatten(record)["profile/account_tier"] in there
