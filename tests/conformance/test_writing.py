"""Writing into a CRM: once, in order, in full, and never over what somebody else did meanwhile."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from portal.crm.port import Ambiguous, Applied, Conflict, Desired, Ref, Reject, Retry
from tests.conformance.subject import Subject, known


async def applied(subject: Subject, *wishes: Desired) -> list[Applied]:
    outcomes = await subject.connector.push(wishes)
    assert all(isinstance(outcome, Applied) for outcome in outcomes), outcomes
    return [outcome for outcome in outcomes if isinstance(outcome, Applied)]


async def test_a_customer_becomes_a_contact(subject: Subject) -> None:
    alice = subject.wish()
    [outcome] = await applied(subject, alice)

    there = await subject.there(alice.customer_id)
    assert there is not None
    assert (there.remote_id, there.seq, outcome.seq) == (outcome.remote_id, 1, 1)
    assert {name: there.fields.get(name) for name in subject.raw} == subject.raw


async def test_what_is_pushed_again_makes_no_second_contact(subject: Subject) -> None:
    alice = subject.wish()
    first, again = [(await applied(subject, wish))[0] for wish in (alice, alice)]
    assert first.remote_id == again.remote_id
    assert await subject.count(alice.customer_id) == 1


async def test_two_first_pushes_at_once_make_one_contact(subject: Subject) -> None:
    alice = subject.wish()
    outcomes = await asyncio.gather(*(subject.connector.push([alice]) for _ in range(4)))
    assert {type(outcome) for [outcome] in outcomes} <= {Applied, Retry, Ambiguous, Conflict}
    assert await subject.count(alice.customer_id) == 1


async def test_a_later_version_is_written_to_the_same_contact(subject: Subject) -> None:
    alice = subject.wish()
    [first] = await applied(subject, alice)
    later = known(subject.wish(alice.customer_id, seq=2, given_name="Alice"), first.remote_id, first.etag)

    [second] = await applied(subject, later)

    there = await subject.there(alice.customer_id)
    assert there is not None and there.seq == 2
    assert there.fields[subject.names["given_name"]] == "Alice"
    assert second.remote_id == first.remote_id
    assert await subject.count(alice.customer_id) == 1


async def test_our_own_writing_is_no_edit_of_somebody_elses(subject: Subject) -> None:
    alice = subject.wish()
    [last] = await applied(subject, alice)
    for seq in (2, 3):
        wish = subject.wish(alice.customer_id, seq=seq, given_name=f"Alice {seq}")
        [last] = await applied(subject, known(wish, last.remote_id, last.etag))


async def test_what_has_no_value_any_more_is_cleared(subject: Subject) -> None:
    alice = subject.wish()
    [first] = await applied(subject, alice)
    nothing = {name: None if name != subject.names["family_name"] else "Marsh" for name in subject.names.values()}
    await applied(subject, known(alice, first.remote_id, first.etag, seq=2, fields=nothing))

    there = await subject.there(alice.customer_id)
    assert there is not None
    kept = {subject.names["family_name"]}
    assert {name: there.fields.get(name) for name in subject.cleared if name not in kept} == {
        name: value for name, value in subject.cleared.items() if name not in kept
    }


async def test_an_older_version_never_overwrites_a_newer_one(subject: Subject) -> None:
    alice = subject.wish(seq=2)
    [newer] = await applied(subject, alice)

    [late] = await applied(subject, subject.wish(alice.customer_id, seq=1, given_name="Old"))

    there = await subject.there(alice.customer_id)
    assert newer.seq == 2
    assert late.seq == 2 or not subject.connector.caps.reads, "it says which version is there"
    assert there is not None and there.seq == 2
    assert there.fields[subject.names["given_name"]] == subject.raw[subject.names["given_name"]]


async def test_what_was_edited_there_meanwhile_is_not_overwritten(subject: Subject) -> None:
    if not subject.connector.caps.reads:
        pytest.skip("this CRM only listens")
    alice = subject.wish()
    [first] = await applied(subject, alice)
    name = await subject.promote(alice.customer_id)

    later = known(subject.wish(alice.customer_id, seq=2), first.remote_id, first.etag)

    assert list(await subject.connector.push([later])) == [Conflict()]
    there = await subject.there(alice.customer_id)
    assert there is not None and there.fields[name] == subject.raw_of("account_tier", "business")


async def test_after_the_edit_was_seen_writing_goes_on(subject: Subject) -> None:
    if not subject.connector.caps.reads:
        pytest.skip("this CRM only listens")
    alice = subject.wish()
    [first] = await applied(subject, alice)
    await subject.promote(alice.customer_id)
    [seen] = await subject.connector.fetch([Ref(first.remote_id, alice.customer_id)])

    await applied(
        subject,
        known(subject.wish(alice.customer_id, seq=2, account_tier="business"), seen.remote_id, seen.etag),
    )


async def test_each_record_of_a_batch_has_its_own_outcome_in_order(subject: Subject) -> None:
    wishes = [subject.wish(given_name=f"Alice {number}") for number in range(5)]
    poisoned = await subject.poison(wishes[2])
    if poisoned is None:
        pytest.skip("this CRM refuses no value")
    wishes[2] = poisoned

    outcomes = list(await subject.connector.push(wishes))

    assert [type(outcome) for outcome in outcomes] == [Applied, Applied, Reject, Applied, Applied]
    for wish, outcome in zip(wishes, outcomes, strict=True):
        there = await subject.there(wish.customer_id)
        if isinstance(outcome, Applied):
            assert there is not None and there.remote_id == outcome.remote_id
            assert there.fields[subject.names["given_name"]] == wish.fields[subject.names["given_name"]]
        else:
            assert there is None
    rejected = outcomes[2]
    assert isinstance(rejected, Reject) and len(rejected.why) > 10, "in the CRM's own words"


async def test_a_batch_that_is_refused_for_one_records_sake_says_so_of_all_that_were_in_it(subject: Subject) -> None:
    if not subject.refuse_whole():
        pytest.skip("this CRM says which record is wrong")
    newer = subject.wish(seq=2)
    await applied(subject, newer)
    wishes = [subject.wish(), subject.wish(newer.customer_id), subject.wish()]
    wishes[2] = await subject.poison(wishes[2]) or wishes[2]

    outcomes = list(await subject.connector.push(wishes))

    assert [(type(one), getattr(one, "whole", None)) for one in outcomes] == [
        (Reject, True), (Applied, None), (Reject, True)
    ]  # fmt: skip
    assert await subject.there(wishes[0].customer_id) is None


async def test_a_timeline_that_is_refused_is_one_customers(subject: Subject) -> None:
    wishes = [subject.wish(entries=[1]) for _ in range(3)]
    if not subject.refuse_story(wishes[1].timeline[0].id):
        pytest.skip("this CRM refuses no change record")

    outcomes = list(await subject.connector.push(wishes))

    assert [type(outcome) for outcome in outcomes] == [Applied, Reject, Applied]
    rejected = outcomes[1]
    assert isinstance(rejected, Reject) and rejected.why.startswith("timeline: ") and not rejected.whole
    for wish, told in zip(wishes, ([subject.told(1)], [], [subject.told(1)]), strict=True):
        there = await subject.there(wish.customer_id)
        assert there is not None and list(there.timeline) == told


async def test_somebody_elses_contact_is_never_taken_over_by_its_number(subject: Subject) -> None:
    alice = subject.wish()
    if not await subject.take_number(alice.number):
        pytest.skip("this CRM has no customer numbers")
    outcomes = list(await subject.connector.push([alice, subject.wish()]))
    assert outcomes[0] == Reject("another contact has this customer number")
    assert isinstance(outcomes[1], Applied)
    assert await subject.there(alice.customer_id) is None


async def test_a_contact_that_was_deleted_there_is_not_made_again_unasked(subject: Subject) -> None:
    alice = subject.wish()
    [first] = await applied(subject, alice)
    if not await subject.delete(alice.customer_id):
        pytest.skip("this CRM does not say what became of a contact")
    later = known(subject.wish(alice.customer_id, seq=2), first.remote_id, first.etag)
    assert list(await subject.connector.push([later])) == [Conflict()]
    assert await subject.there(alice.customer_id) is None
    assert not await subject.connector.fetch([Ref(first.remote_id, alice.customer_id)])


async def test_who_was_merged_away_is_not_written_over_who_is_left(subject: Subject) -> None:
    away, survivor = subject.wish(), subject.wish()
    [gone, _left] = await applied(subject, away, survivor)
    if not await subject.merge(away.customer_id, survivor.customer_id):
        pytest.skip("this CRM does not say what became of a contact")
    later = known(subject.wish(away.customer_id, seq=2, given_name="Away"), gone.remote_id, gone.etag)
    assert list(await subject.connector.push([later])) == [Conflict()]
    there = await subject.there(survivor.customer_id)
    assert there is not None and there.fields[subject.names["given_name"]] != "Away"


async def test_a_full_batch_is_written(subject: Subject) -> None:
    wishes = [subject.wish() for _ in range(min(subject.connector.caps.batch_max, 200))]
    outcomes = await applied(subject, *wishes)
    assert len({outcome.remote_id for outcome in outcomes}) == len(wishes)


async def test_who_is_erased_is_gone_and_stays_gone(subject: Subject) -> None:
    alice, bob = subject.wish(entries=[1]), subject.wish()
    [hers, _his] = await applied(subject, alice, bob)
    ref = Ref(hers.remote_id, alice.customer_id)

    await subject.connector.erase(ref)
    await subject.connector.erase(ref)
    await subject.connector.erase(Ref(None, uuid4()))

    assert await subject.there(alice.customer_id) is None
    assert not subject.connector.caps.reads or not await subject.connector.fetch([ref])
    assert await subject.there(bob.customer_id) is not None


async def test_a_timeline_has_each_change_once_and_in_order(subject: Subject) -> None:
    alice = subject.wish(seq=3, entries=[1, 2, 3])
    [first] = await applied(subject, alice)
    more = subject.wish(alice.customer_id, entries=[2, 3, 4, 5]).timeline
    await applied(subject, known(alice, first.remote_id, first.etag, seq=5, timeline=more))

    there = await subject.there(alice.customer_id)
    assert there is not None
    assert list(there.timeline) == [subject.told(number) for number in (1, 2, 3, 4, 5)]


async def test_two_customers_timelines_stay_apart(subject: Subject) -> None:
    alice, bob = subject.wish(entries=[1]), subject.wish(entries=[1, 2], seq=2)
    await applied(subject, alice, bob)
    hers, his = await subject.there(alice.customer_id), await subject.there(bob.customer_id)
    assert hers is not None and his is not None
    assert (len(hers.timeline), len(his.timeline)) == (1, 2)


async def test_a_replaced_wish_is_the_same_customer(subject: Subject) -> None:
    """The customer number may change; the contact stays."""
    alice = subject.wish()
    [first] = await applied(subject, alice)
    await applied(subject, replace(known(alice, first.remote_id, first.etag, seq=2), number=subject.wish().number))
    assert await subject.count(alice.customer_id) == 1
