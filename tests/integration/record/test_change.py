"""The one way to write a record: what it keeps, and what it does when somebody was faster."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from portal.audit.entry import ActorKind, Diff, fold, leaf_hash, unseal
from portal.audit.values import Value
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.i18n import using
from portal.record.change import Changed, Conflicted, Duplicate, Unchanged, change, create
from portal.record.flat import flatten
from portal.record.read import StoredRecord, read
from tests.builders import (
    GRACE,
    SYSTEM,
    a_consent,
    a_contact_point,
    a_customer,
    a_note,
    a_window,
    an_intention,
    the_customer,
)
from tests.conftest import Stores


@pytest.mark.asvs("2.3.3")
async def test_a_change_keeps_state_change_record_and_due_mark_together(stores: Stores, alice: StoredRecord) -> None:
    me = the_customer(alice.record.id)

    outcome = await change(
        stores.customer, alice.record.id, an_intention("profile:changed", me, seen=1), {"profile/language": "de"}
    )

    assert isinstance(outcome, Changed)
    stored = await read(stores.customer.database, stores.customer.keys, alice.record.id)
    assert stored is not None
    assert stored.record.profile["language"] == "de"
    assert stored.record.seq == 2
    assert stored.record.said["language"].actor_kind == "customer"
    assert stored.recent[0].entry.diffs == (Diff("profile/language", None, "de"),)
    assert [(d.connector, d.desired_seq, d.synced_seq) for d in stored.deliveries] == [("embedded", 2, 0)]
    assert stored == outcome.stored, "the answer built without a second read says what the database says"


async def test_every_part_of_a_record_can_be_written_and_read_back(stores: Stores, alice: StoredRecord) -> None:
    note = uuid4()
    values = a_window() | a_window("do_not", (7,), "00:00", "00:00", channel=None) | a_consent() | a_note(id=note)
    values |= a_contact_point("postal", "14 Mill Lane\nBath BA1 1AB", use="home", rank=3)

    await change(stores.worker, alice.record.id, an_intention("record:imported", SYSTEM), values)
    await change(
        stores.staff,
        alice.record.id,
        an_intention("note:answered", GRACE),
        a_note("Thank you.", author_kind="agent", author="Grace Okafor", about=note),
    )

    stored = await read(stores.customer.database, stores.customer.keys, alice.record.id)
    assert stored is not None
    flat = flatten(stored.record)
    assert {path: flat.get(path) for path in values} == values
    assert [n.author for n in stored.record.notes] == ["Alice Marsh", "Grace Okafor"]
    assert [p.rank for p in stored.record.contact_points] == [1, 2, 3]


async def test_removing_an_item_removes_its_row(stores: Stores, alice: StoredRecord) -> None:
    point = alice.record.contact_points[1]
    gone = {f"contact_points/{point.id}/{name}": None for name in ("system", "value", "use", "rank")}

    await change(
        stores.customer, alice.record.id, an_intention("contact_point:removed", the_customer(alice.record.id)), gone
    )

    stored = await read(stores.customer.database, stores.customer.keys, alice.record.id)
    assert stored is not None
    assert [p.id for p in stored.record.contact_points] == [alice.record.contact_points[0].id]


async def test_ranks_can_be_swapped_in_one_change(stores: Stores, alice: StoredRecord) -> None:
    first, second = alice.record.contact_points
    swapped = {f"contact_points/{first.id}/rank": 2, f"contact_points/{second.id}/rank": 1}

    await change(
        stores.customer, alice.record.id, an_intention("contact_point:ranked", the_customer(alice.record.id)), swapped
    )

    stored = await read(stores.customer.database, stores.customer.keys, alice.record.id)
    assert stored is not None
    assert [p.id for p in stored.record.contact_points] == [second.id, first.id]


@pytest.mark.asvs("2.3.1")
async def test_the_same_request_changes_once(stores: Stores, alice: StoredRecord) -> None:
    me, request = the_customer(alice.record.id), uuid4()
    note = a_note()

    first = await change(
        stores.customer, alice.record.id, an_intention("note:added", me, seen=1, request=request), note
    )
    second = await change(
        stores.customer, alice.record.id, an_intention("note:added", me, seen=1, request=request), note
    )
    third = await change(stores.customer, alice.record.id, an_intention("note:added", me, request=request), a_note())

    assert isinstance(first, Changed)
    assert isinstance(second, Duplicate)
    assert isinstance(third, Duplicate)
    assert second.seq == third.seq == 2
    assert len(third.stored.record.notes) == 1


async def test_a_change_of_something_else_meanwhile_does_not_get_in_the_way(
    stores: Stores, alice: StoredRecord
) -> None:
    me = the_customer(alice.record.id)
    await change(
        stores.staff, alice.record.id, an_intention("note:added", GRACE), a_note(author_kind="agent", author="Grace")
    )

    outcome = await change(
        stores.customer, alice.record.id, an_intention("profile:changed", me, seen=1), {"profile/language": "de"}
    )

    assert isinstance(outcome, Changed)
    assert outcome.rebased
    assert outcome.stored.record.seq == 3


async def test_what_was_not_touched_is_not_set_back(stores: Stores, alice: StoredRecord) -> None:
    """A form sends all its fields; those that the person left as they saw them ask for nothing."""
    me = the_customer(alice.record.id)
    await change(
        stores.worker, alice.record.id, an_intention("profile:merged", SYSTEM), {"profile/family_name": "Moss"}
    )

    form = {"profile/family_name": "Marsh", "profile/call_me": "Al"}
    outcome = await change(stores.customer, alice.record.id, an_intention("profile:changed", me, seen=1), form)

    assert isinstance(outcome, Changed)
    assert outcome.stored.record.profile["family_name"] == "Moss"
    assert outcome.stored.record.profile["call_me"] == "Al"


async def test_two_changes_of_the_same_field_are_a_conflict_that_writes_nothing(
    stores: Stores, alice: StoredRecord
) -> None:
    me = the_customer(alice.record.id)
    await change(
        stores.customer, alice.record.id, an_intention("profile:changed", me, seen=1), {"profile/call_me": "Al"}
    )

    outcome = await change(
        stores.customer, alice.record.id, an_intention("profile:changed", me, seen=1), {"profile/call_me": "Ally"}
    )

    assert isinstance(outcome, Conflicted)
    [field] = outcome.fields
    assert (field.path, field.seen, field.current, field.typed) == ("profile/call_me", None, "Al", "Ally")
    assert outcome.stored.record.seq == 2


async def test_saying_what_the_record_says_already_writes_nothing(stores: Stores, alice: StoredRecord) -> None:
    outcome = await change(
        stores.customer,
        alice.record.id,
        an_intention("profile:changed", the_customer(alice.record.id), seen=1),
        {"profile/given_name": "Alice"},
    )

    assert isinstance(outcome, Unchanged)
    assert outcome.stored.record.seq == 1


@pytest.mark.asvs("15.4.2")
async def test_a_record_that_was_found_a_moment_ago_is_not_read_again_and_not_believed_blindly(
    stores: Stores, alice: StoredRecord
) -> None:
    me = the_customer(alice.record.id)
    await change(stores.worker, alice.record.id, an_intention("profile:changed", SYSTEM), {"profile/language": "de"})

    # Given what was found before that, a change is computed anew on what is there now
    intention = replace(an_intention("profile:changed", me, seen=1), found=alice)
    outcome = await change(stores.customer, alice.record.id, intention, {"profile/call_me": "Al"})

    assert isinstance(outcome, Changed) and outcome.rebased
    assert outcome.stored.record.profile["language"] == "de"
    stored = await read(stores.customer.database, stores.customer.keys, alice.record.id)
    assert stored == outcome.stored


async def test_many_at_once_lose_nothing(stores: Stores, alice: StoredRecord) -> None:
    me = the_customer(alice.record.id)

    await asyncio.gather(
        *(
            change(stores.customer, alice.record.id, an_intention("note:added", me, seen=1), a_note(f"note {number}"))
            for number in range(6)
        )
    )

    stored = await read(stores.customer.database, stores.customer.keys, alice.record.id)
    assert stored is not None
    assert {n.body for n in stored.record.notes} == {f"note {number}" for number in range(6)}
    assert stored.record.seq == 7


async def test_folding_all_diffs_of_a_chain_gives_the_record(stores: Stores, alice: StoredRecord) -> None:
    me = the_customer(alice.record.id)
    await change(stores.customer, alice.record.id, an_intention("note:added", me), a_note())
    await change(stores.customer, alice.record.id, an_intention("consent:given", me), a_consent())
    await change(stores.customer, alice.record.id, an_intention("profile:changed", me), {"profile/call_me": "Al"})
    await change(stores.customer, alice.record.id, an_intention("profile:changed", me), {"profile/call_me": None})

    rows = await stores.worker.database.fetch_all(
        "SELECT entry, leaf FROM portal.change_record WHERE customer_id = %s ORDER BY seq", [alice.record.id]
    )
    entries = [unseal(bytes(row["entry"]), alice.key) for row in rows]
    stored = await read(stores.worker.database, stores.worker.keys, alice.record.id)
    assert stored is not None
    assert fold(diff for entry in entries for diff in entry.diffs) == flatten(stored.record)
    leaves = [leaf_hash(bytes(row["entry"])) for row in rows]
    assert leaves == [bytes(row["leaf"]) for row in rows]
    assert [entry.prev for entry in entries] == [bytes(32), *leaves[:-1]]


@pytest.mark.asvs("2.2.2", "2.3.3")
@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"profile/language": "xx-nonsense"}, "is no language"),
        ({"profile/call_me": "x" * 81}, "is longer"),
        ({"profile/call_me": "bell\a"}, "characters"),
        ({"profile/call_me": "broken \udcff"}, "characters"),
        ({"profile/given_name": None}, "is required"),
        ({"profile/pronouns": "king"}, "is none of the choices"),
        ({"profile/helps_me": ["extra_time", "extra_time"]}, "is none of the choices"),
        ({f"contact_points/{uuid4()}/value": "half"}, "is missing"),
        (a_contact_point("phone", "0207946", rank=9), "phone"),
        (a_contact_point("email", "no address", rank=9), "e-mail"),
        (a_contact_point(rank=1), "same rank"),
        (a_window(weekdays=(8,)), "weekdays"),
        (a_window(zone="Europe/Atlantis"), "time zone"),
        (a_consent("service", "email", "opt_out"), "cannot be opted out of"),
        (a_note(""), "is empty"),
    ],
)
async def test_what_cannot_stand_in_a_record_is_refused_whole(
    stores: Stores, alice: StoredRecord, values: dict[str, str], why: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await change(
            stores.customer,
            alice.record.id,
            an_intention("x:y", the_customer(alice.record.id)),
            {"profile/call_me": "Al", **values},
        )

    assert why in str(refusal.value.errors)
    stored = await read(stores.customer.database, stores.customer.keys, alice.record.id)
    assert stored is not None
    assert stored.record.seq == 1


@pytest.mark.parametrize(
    ("values", "path", "why"),
    [
        ({"profile/call_me": "x" * 81}, "profile/call_me", "hat mehr als 80 Zeichen"),
        ({f"contact_points/{UUID(int=7)}/value": "half"}, f"contact_points/{UUID(int=7)}/use", "fehlt"),
        (a_contact_point(rank=1), "contact_points", "zwei haben denselben Rang"),
    ],
)
async def test_why_is_told_in_the_language_of_whoever_asked(
    stores: Stores, alice: StoredRecord, values: dict[str, Value], path: str, why: str
) -> None:
    with using("de"), pytest.raises(Invalid) as refusal:
        await change(stores.customer, alice.record.id, an_intention("x:y", the_customer(alice.record.id)), values)

    assert refusal.value.errors[path] == [why]


@pytest.mark.asvs("8.2.3")
@pytest.mark.parametrize(
    ("actor", "values"),
    [
        (ActorKind.CUSTOMER, {"profile/account_tier": "business"}),  # the CRM's
        (ActorKind.CUSTOMER, {"profile/internal_remark": "nice person"}),  # hidden
        (ActorKind.CUSTOMER, {"profile/no_such_field": "x"}),
        (ActorKind.CUSTOMER, {"customer/number": "1"}),
        (ActorKind.CUSTOMER, a_note(author_kind="agent", author="Grace")),
        (ActorKind.AGENT, {"profile/call_me": "Al"}),  # the customer's
        (ActorKind.AGENT, a_consent()),
        (ActorKind.AGENT, a_note()),
        (ActorKind.AUDITOR, {"profile/account_tier": "business"}),
    ],
)
async def test_nobody_changes_what_is_not_theirs(
    stores: Stores, alice: StoredRecord, actor: ActorKind, values: dict[str, str]
) -> None:
    who = the_customer(alice.record.id) if actor is ActorKind.CUSTOMER else type(GRACE)(actor, "staff", "desk")

    with pytest.raises(Forbidden):
        await change(stores.staff, alice.record.id, an_intention("x:y", who), values)


async def test_an_agents_note_is_not_the_customers_to_change(stores: Stores, alice: StoredRecord) -> None:
    note = uuid4()
    theirs = a_note(author_kind="agent", author="Grace", id=note)
    await change(stores.staff, alice.record.id, an_intention("note:added", GRACE), theirs)

    with pytest.raises(Forbidden):
        await change(
            stores.customer,
            alice.record.id,
            an_intention("note:changed", the_customer(alice.record.id)),
            {f"notes/{note}/body": "words put into her mouth"},
        )


async def test_each_edit_of_a_note_is_a_revision(stores: Stores, alice: StoredRecord) -> None:
    me, note = the_customer(alice.record.id), uuid4()
    await change(stores.customer, alice.record.id, an_intention("note:added", me), a_note("one", id=note))
    await change(stores.customer, alice.record.id, an_intention("note:changed", me), {f"notes/{note}/body": "two"})

    rows = await stores.worker.database.fetch_all(
        "SELECT revision, body, seq FROM portal.note_revision WHERE note_id = %s ORDER BY revision", [note]
    )
    assert [(r["revision"], r["body"], r["seq"]) for r in rows] == [(1, "one", 2), (2, "two", 3)]


async def test_a_number_is_given_once(stores: Stores, alice: StoredRecord) -> None:
    with pytest.raises(Conflict):
        await a_customer(stores.worker, number=alice.record.number)


async def test_an_unknown_customer_has_no_record(stores: Stores) -> None:
    id = uuid4()
    with pytest.raises(NotFound):
        await change(stores.customer, id, an_intention("x:y", the_customer(id)), {"profile/call_me": "Al"})


async def test_the_customers_role_cannot_begin_a_record(stores: Stores) -> None:
    with pytest.raises(Exception, match="permission denied"):
        await create(stores.customer, "number", an_intention("customer:created", SYSTEM), {})
