"""A change on its way into the CRM."""

from uuid import UUID, uuid4

from sqlalchemy import URL

from portal.audit.entry import Actor, ActorKind
from portal.record.change import change
from portal.record.flat import flatten
from tests.builders import a_consent, a_customer, a_note, a_window, an_intention
from tests.integration.sync_stage import Stage, as_administrator


async def test_a_new_customer_becomes_a_contact_that_says_what_the_record_says(stage: Stage) -> None:
    stored = await a_customer(stage.stores.worker)

    assert await stage.drain() == 1

    card = await stage.sees(stored.record.id)
    assert card.record == stored.record
    assert card.record.said == stored.record.said
    assert await stage.drain() == 0


async def test_every_part_of_a_record_arrives_and_leaves(stage: Stage, alice: UUID) -> None:
    window, note = uuid4(), uuid4()
    await stage.says(alice, {"profile/language": "de", "profile/helps_me": ["text_first", "extra_time"]})
    await stage.says(alice, a_window(id=window), action="contact_window:added")
    await stage.says(alice, a_consent("offers", "phone", "opt_out"), action="consent:withdrawn")
    await stage.says(alice, a_note(id=note), action="note:added")
    await stage.settle()

    record = await stage.record(alice)
    card = await stage.sees(alice)
    assert flatten(card.record) == flatten(record)
    assert card.record.provenance() == record.provenance(), "who said so arrives too"
    assert (len(record.contact_windows), len(record.consents), len(record.notes)) == (1, 1, 1)

    gone = {path: None for path in flatten(record) if path.startswith(f"contact_windows/{window}")}
    await stage.says(alice, gone | {"profile/helps_me": None})
    await stage.settle()

    assert flatten((await stage.sees(alice)).record) == flatten(await stage.record(alice))


async def test_edits_come_together_but_each_change_record_reaches_the_timeline_once(stage: Stage, alice: UUID) -> None:
    for name in ("Al", "Ali", "Allie"):
        await stage.says(alice, {"profile/call_me": name})

    assert await stage.drain() == 1

    stored = await stage.stored(alice)
    card = await stage.sees(alice)
    assert [entry.seq for entry in card.activity] == [4, 3, 2, 1]
    assert [entry.entry_id for entry in card.activity] == [f"{stored.chain}/{seq}" for seq in (4, 3, 2, 1)]
    assert [diff.new for entry in card.activity[:3] for diff in entry.diffs] == ["Allie", "Ali", "Al"]
    assert [(d["through_seq"]) for d in await deliveries(stage, alice)] == [1, 4]


async def test_what_was_delivered_is_written_down_and_open_pages_are_told(stage: Stage, alice: UUID) -> None:
    begun = await stage.one("SELECT seen FROM portal.announced_v1(NULL)")
    await stage.says(alice, {"profile/call_me": "Al"})
    await stage.settle()

    told = await stage.one("SELECT customers, seen FROM portal.announced_v1(%s)", begun["seen"])
    assert told["customers"] == [alice]
    again = await stage.one("SELECT customers FROM portal.announced_v1(%s)", told["seen"])
    assert again["customers"] == []
    stored = await stage.stored(alice)
    assert [(d.synced_seq, d.status, d.behind) for d in stored.deliveries] == [(2, "synced", False)]
    assert stored.recent[0].delivered["embedded"] > stored.recent[0].entry.at


async def test_a_long_history_goes_out_in_several_pushes(stage: Stage, alice: UUID) -> None:
    for number in range(120):
        await stage.says(alice, {"profile/call_me": f"Alice {number}"})

    assert await stage.settle() == 2

    count = await stage.one(
        "SELECT count(DISTINCT a.seq), max(a.seq) FROM crm.activity a JOIN crm.contact c ON c.id = a.contact_id"
        " WHERE c.portal_id = %s",
        alice,
    )
    assert (count["count"], count["max"]) == (121, 121)


async def test_the_timeline_names_the_staff_who_acted(stage: Stage, alice: UUID) -> None:
    grace = uuid4()
    await stage.stores.staff.database.fetch_all(
        "INSERT INTO portal.staff (id, issuer, subject, name, roles) VALUES (%s, 'x', %s, 'Grace Okafor', '{agent}')",
        [grace, str(grace)],
    )
    note = a_note("Thank you.", author_kind="agent", author="Grace Okafor")
    actor = Actor(ActorKind.AGENT, str(grace), "desk")
    await change(stage.stores.staff, alice, an_intention("note:added", actor), note)
    await stage.settle()

    assert [entry.actor_name for entry in (await stage.sees(alice)).activity] == ["Grace Okafor", None]


async def test_one_batch_takes_many_customers_and_no_more_than_it_can(stage: Stage) -> None:
    for _ in range(5):
        await a_customer(stage.stores.worker)
    stage.line.batch = 3

    assert [await stage.drain() for _ in range(3)] == [3, 2, 0]


async def test_a_paused_connector_waits(stage: Stage, alice: UUID) -> None:
    await stage.says(alice, {"profile/call_me": "Al"})
    await stage.all("UPDATE portal.connector SET paused_at = now()")
    try:
        assert await stage.drain() == 0
    finally:
        await stage.all("UPDATE portal.connector SET paused_at = NULL")
    assert await stage.drain() == 1


async def test_a_record_whose_key_does_not_fit_is_parked_and_keeps_nobody_else_waiting(
    stage: Stage, alice: UUID, own_url: URL
) -> None:
    bob = (await a_customer(stage.stores.worker, given_name="Bob")).record.id
    await stage.says(alice, {"profile/call_me": "Al"})
    as_administrator(own_url, "UPDATE keys.customer_key SET wrapped = wrapped || '\\x00' WHERE customer_id = %s", alice)

    await stage.settle()

    assert (await stage.state(bob))["status"] == "synced"
    parked = await stage.state(alice)
    assert (parked["status"], parked["last_error"]) == ("parked", "the record's values cannot be decrypted")


async def deliveries(stage: Stage, customer: UUID) -> list[dict[str, object]]:
    return await stage.all("SELECT * FROM portal.delivery WHERE customer_id = %s ORDER BY through_seq", customer)
