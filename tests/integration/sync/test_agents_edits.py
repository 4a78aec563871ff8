"""What agents change in the CRM comes into the record, with the agent as the actor."""

from uuid import UUID

import pytest

from portal.audit.entry import Actor, ActorKind, Diff
from portal.crm.said import Own
from portal.record.flat import flatten
from tests.builders import GRACE, a_customer
from tests.integration.sync_stage import Stage


async def test_an_agents_edit_becomes_a_change_record_of_that_agent(stage: Stage, alice: UUID) -> None:
    await stage.edits(alice, {"account_tier": "home_plus", "internal_remark": "Prefers the ground floor."})

    await stage.settle()

    stored = await stage.stored(alice)
    entry = stored.recent[0].entry
    assert (entry.seq, entry.action) == (2, "profile:merged")
    assert entry.actor == Actor(ActorKind.AGENT, GRACE.id, "crm:embedded")
    assert set(entry.diffs) == {
        Diff("profile/account_tier", "home", "home_plus"),
        Diff("profile/internal_remark", None, "Prefers the ground floor."),
    }
    assert entry.evidence.personal["editor"] == "Grace Okafor"
    assert stored.record.said["account_tier"].actor_kind == "agent"


async def test_it_comes_to_rest_with_the_edit_in_the_timeline_and_both_sides_equal(stage: Stage, alice: UUID) -> None:
    await stage.edits(alice, {"account_tier": "home_plus"})

    await stage.settle()

    card, stored = await stage.sees(alice), await stage.stored(alice)
    assert flatten(card.record) == flatten(stored.record)
    assert [(entry.seq, entry.actor_name) for entry in card.activity] == [(2, "Grace Okafor"), (1, None)]
    assert card.edited_by["account_tier"].name == "Grace Okafor", "her word still stands there"
    assert await stage.settle() == 0, "nothing goes to and fro"
    assert (await stage.record(alice)).seq == 2


async def test_an_emptied_field_is_emptied_here_too(stage: Stage, alice: UUID) -> None:
    await stage.edits(alice, {"language": None})
    await stage.settle()
    assert "language" not in (await stage.record(alice)).profile


async def test_edits_of_two_agents_are_two_change_records(stage: Stage, alice: UUID) -> None:
    omar = "018f0000-0000-7000-8000-0000000000aa"
    version = await stage.edits(alice, {"account_tier": "business"})
    await stage.one(
        "SELECT outcome FROM crm.contact_edit_v1(%s, %s, jsonb_build_object('language', 'fr'), %s, 'Omar')",
        alice,
        version,
        UUID(omar),
    )

    await stage.settle()

    entries = [change.entry for change in (await stage.stored(alice)).recent]
    assert {(e.actor.id, e.diffs[0].path) for e in entries[:2]} == {
        (GRACE.id, "profile/account_tier"),
        (omar, "profile/language"),
    }


async def test_an_edit_and_a_change_of_other_fields_do_not_get_in_each_others_way(stage: Stage, alice: UUID) -> None:
    await stage.edits(alice, {"account_tier": "business"})
    await stage.says(alice, {"profile/language": "de"})

    await stage.settle()

    record = await stage.record(alice)
    assert (record.profile["account_tier"], record.profile["language"]) == ("business", "de")
    assert flatten((await stage.sees(alice)).record) == flatten(record)


async def test_a_push_that_meets_an_edit_it_does_not_know_of_writes_nothing_over_it(stage: Stage, alice: UUID) -> None:
    await stage.says(alice, {"profile/call_me": "Al"})
    await stage.edits(alice, {"account_tier": "business"})

    await stage.drain()  # without a poll: the edit is not known

    assert (await stage.sees(alice)).record.profile["account_tier"] == "business"
    state = await stage.state(alice)
    assert (state["status"], state["pull_due_at"] is not None) == ("waiting", True)
    await stage.settle()
    record = await stage.record(alice)
    assert (record.profile["account_tier"], record.profile["call_me"]) == ("business", "Al")


async def test_where_both_changed_a_preference_the_customer_wins_on_both_sides(stage: Stage, alice: UUID) -> None:
    await stage.edits(alice, {"language": "fr"})
    await stage.says(alice, {"profile/language": "de"})

    await stage.settle()

    card = await stage.sees(alice)
    assert (await stage.record(alice)).profile["language"] == "de"
    assert card.record.profile["language"] == "de"
    assert "language" not in card.edited_by, "what stands there is not the agent's word any more"
    assert await stage.settle() == 0


async def test_the_value_that_lost_is_kept_in_the_change_record_and_shown_to_agents(stage: Stage, alice: UUID) -> None:
    await stage.edits(alice, {"language": "fr", "account_tier": "business"})
    await stage.says(alice, {"profile/language": "de"})

    await stage.settle()

    entry = (await stage.stored(alice)).recent[0].entry
    assert entry.diffs == (Diff("profile/account_tier", "home", "business"),)
    assert entry.evidence.personal["not_kept/profile/language"] == "fr"
    shown = (await stage.sees(alice)).activity[0]
    assert (shown.seq, shown.actor_id, shown.lost) == (entry.seq, GRACE.id, {"profile/language": "fr"})


async def test_a_value_that_lost_is_kept_even_where_nothing_else_changed(stage: Stage, alice: UUID) -> None:
    await stage.edits(alice, {"language": "fr"})
    await stage.says(alice, {"profile/language": "de"})

    await stage.settle()

    entry = (await stage.stored(alice)).recent[0].entry
    assert (entry.actor.id, entry.diffs) == (GRACE.id, ())
    assert entry.evidence.personal["not_kept/profile/language"] == "fr"
    assert (await stage.sees(alice)).activity[0].lost == {"profile/language": "fr"}
    assert await stage.settle() == 0, "and it is kept once"


async def test_where_both_changed_what_agents_own_the_agent_wins(stage: Stage, alice: UUID) -> None:
    await stage.edits(alice, {"account_tier": "business"})
    values = {"profile/account_tier": "home_plus"}
    await stage.imports(alice, values)

    await stage.settle()

    assert (await stage.record(alice)).profile["account_tier"] == "business"
    assert (await stage.sees(alice)).record.profile["account_tier"] == "business"


@pytest.mark.parametrize("who_is_first", ["poll", "drain"])
async def test_an_edit_right_after_the_first_push_is_not_lost(stage: Stage, who_is_first: str) -> None:
    alice = (await a_customer(stage.stores.worker, account_tier="home")).record.id
    await stage.drain()
    await stage.edits(alice, {"account_tier": "business"})
    await stage.says(alice, {"profile/call_me": "Al"})
    if who_is_first == "drain":
        await stage.drain()

    await stage.settle()

    assert (await stage.record(alice)).profile["account_tier"] == "business"


async def test_a_value_that_no_record_can_hold_is_parked_in_words_and_left_alone(stage: Stage, alice: UUID) -> None:
    await stage.one(
        "SELECT outcome FROM crm.contact_edit_v1("
        "%s, 99, jsonb_build_object('account_tier', 'gold', 'language', 'fr'), gen_random_uuid(), 'Grace')",
        alice,
    )

    await stage.settle()

    parked = await stage.state(alice)
    why = Own.UNACCEPTABLE.of(problems="profile/account_tier: is none of the choices")
    assert (parked["status"], parked["last_error"]) == ("parked", why)
    assert (await stage.record(alice)).profile["language"] == "fr", "the rest of the edit is taken"

    await stage.says(alice, {"profile/call_me": "Al"})
    await stage.settle()
    assert (await stage.sees(alice)).record.profile["account_tier"] == "gold", "nothing is written over it"

    await stage.edits(alice, {"account_tier": "business"})
    await stage.settle()
    assert (await stage.state(alice))["status"] == "synced"
    assert flatten((await stage.sees(alice)).record) == flatten(await stage.record(alice))


async def test_a_deleted_contact_is_parked_and_not_made_anew(stage: Stage, alice: UUID) -> None:
    await stage.edits(alice, {"account_tier": "business"})
    await stage.poller.poll()
    await stage.all("DELETE FROM crm.contact WHERE portal_id = %s", alice)

    await stage.settle()

    state = await stage.state(alice)
    assert (state["status"], state["last_error"]) == ("parked", "the contact is no longer there")
