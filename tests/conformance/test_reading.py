"""Reading a CRM: what it says comes back in the record's words, and who was edited there is told."""

from dataclasses import replace
from uuid import uuid4

import pytest

from portal.crm.inventory import Browsing, Describing, Existing, Link, Linking, compare
from portal.crm.port import Applied, Conflict, CursorExpired, Ref, Reject
from tests.conformance.subject import ALICE, CONSENT, Subject, known


@pytest.fixture(autouse=True)
def _is_read(subject: Subject) -> None:
    if not subject.connector.caps.reads:
        pytest.skip("this CRM only listens")


async def test_what_was_pushed_is_what_is_fetched(subject: Subject) -> None:
    alice = subject.wish()
    [outcome] = await subject.connector.push([alice])
    assert isinstance(outcome, Applied)

    [remote] = await subject.connector.fetch([Ref(outcome.remote_id, alice.customer_id)])

    assert (remote.customer_id, remote.remote_id, remote.seq) == (alice.customer_id, outcome.remote_id, 1)
    assert remote.etag == outcome.etag
    assert {key: remote.fields.get(there) for key, there in subject.names.items()} == dict(ALICE)
    if remote.consents:
        assert remote.consents[CONSENT.purpose, CONSENT.channel] is CONSENT.status


async def test_what_is_not_there_is_left_out(subject: Subject) -> None:
    alice, bob = subject.wish(), subject.wish()
    await subject.connector.push([alice, bob])
    refs = [Ref(None, bob.customer_id), Ref(None, uuid4()), Ref(None, alice.customer_id)]
    found = await subject.connector.fetch(refs)
    assert {remote.customer_id for remote in found} == {alice.customer_id, bob.customer_id}
    assert not await subject.connector.fetch([])


async def test_an_edit_there_is_seen(subject: Subject) -> None:
    alice = subject.wish()
    [outcome] = await subject.connector.push([alice])
    assert isinstance(outcome, Applied)
    await subject.promote(alice.customer_id)

    [remote] = await subject.connector.fetch([Ref(outcome.remote_id, alice.customer_id)])

    assert remote.fields[subject.names["account_tier"]] == "business"
    assert remote.etag != outcome.etag
    assert remote.seq == 1


async def test_what_is_cleared_there_is_absent(subject: Subject) -> None:
    alice = subject.wish()
    await subject.connector.push([alice])
    name = subject.names["good_to_know"]
    await subject.edit(alice.customer_id, **{name: subject.cleared[name]})
    [remote] = await subject.connector.fetch([Ref(None, alice.customer_id)])
    assert remote.fields.get(name) is None


async def test_the_feed_tells_who_was_edited(subject: Subject) -> None:
    connector = subject.connector
    if not connector.caps.feed:
        pytest.skip("this CRM has no feed")
    alice, bob = subject.wish(), subject.wish()
    [hers, _his] = await connector.push([alice, bob])
    assert isinstance(hers, Applied)
    cursor = await subject.read_all()

    await subject.promote(alice.customer_id)

    refs, later = await connector.changes(cursor)
    told = {(ref.customer_id or ref.remote_id) for ref in refs}
    assert told & {alice.customer_id, hers.remote_id}
    assert not told & {bob.customer_id}
    assert later != cursor


async def test_a_feed_with_nothing_new_gives_the_same_cursor(subject: Subject) -> None:
    if not subject.connector.caps.feed:
        pytest.skip("this CRM has no feed")
    await subject.connector.push([subject.wish()])
    cursor = await subject.read_all()
    refs, again = await subject.connector.changes(cursor)
    if not refs:
        assert again == cursor


async def test_the_feed_leaves_out_what_we_pushed_ourselves(subject: Subject) -> None:
    if not (subject.connector.caps.feed and subject.connector.caps.echo_tag):
        pytest.skip("this CRM cannot tell our edits from others'")
    alice = subject.wish()
    [first] = await subject.connector.push([alice])
    assert isinstance(first, Applied)
    cursor = await subject.read_all()
    await subject.connector.push(
        [known(subject.wish(alice.customer_id, seq=2, given_name="A"), first.remote_id, first.etag)]
    )
    refs, _cursor = await subject.connector.changes(cursor)
    assert alice.customer_id not in {ref.customer_id for ref in refs}
    assert first.remote_id not in {ref.remote_id for ref in refs}


async def test_no_edit_is_lost_between_two_pages_of_a_feed(subject: Subject) -> None:
    if not subject.connector.caps.feed:
        pytest.skip("this CRM has no feed")
    wishes = [subject.wish() for _ in range(7)]
    outcomes = await subject.connector.push(wishes)
    remote_ids = {o.remote_id: w.customer_id for o, w in zip(outcomes, wishes, strict=True) if isinstance(o, Applied)}
    cursor = await subject.read_all()
    for wish in wishes:
        await subject.edit(
            wish.customer_id, **{subject.names["account_tier"]: subject.raw_of("account_tier", "business")}
        )

    told = set()
    for _ in range(20):
        refs, later = await subject.connector.changes(cursor)
        told |= {ref.customer_id or remote_ids.get(ref.remote_id or "") for ref in refs}
        if later == cursor:
            break
        cursor = later

    assert {wish.customer_id for wish in wishes} <= told


async def test_a_contact_that_was_merged_away_is_told_by_the_one_that_is_left(subject: Subject) -> None:
    away, survivor = subject.wish(), subject.wish()
    outcomes = await subject.connector.push([away, survivor])
    gone, left = (outcome.remote_id if isinstance(outcome, Applied) else "" for outcome in outcomes)
    if not await subject.merge(away.customer_id, survivor.customer_id):
        pytest.skip("this CRM does not say what became of a contact")
    there = await subject.there(survivor.customer_id)
    assert there is not None
    [remote] = await subject.connector.fetch([Ref(gone, away.customer_id)])
    assert (remote.remote_id, remote.customer_id) == (there.remote_id, survivor.customer_id)
    assert gone in remote.merged
    # Some give whoever is left a new id: the customer's own contact is found all the same.
    [still] = await subject.connector.fetch([Ref(left, survivor.customer_id)])
    assert (still.remote_id, still.customer_id) == (there.remote_id, survivor.customer_id)


async def test_a_contact_that_was_there_before_is_found_and_tied_to_its_customer(subject: Subject) -> None:
    connector, wish = subject.connector, subject.wish()
    if not isinstance(connector, Browsing):
        pytest.skip("this CRM cannot be gone through")
    await connector.push([subject.wish(), subject.wish()])
    assert await subject.take_number(wish.number)

    found, cursor = await connector.browse(None, 2)
    everybody = list(found)
    while cursor:
        found, cursor = await connector.browse(cursor, 2)
        everybody += found

    assert len({one.remote.remote_id for one in everybody}) == len(everybody)
    [hers] = [one for one in everybody if one.number == wish.number]
    assert (hers.name, hers.remote.customer_id) == ("Mallory", None)
    others = [one.remote for one in everybody if one.remote.customer_id is not None]
    assert len(others) >= 2 and {"zoe@example.com"} <= {said for one in others for said in one.points.values()}

    assert isinstance((await connector.link([Link(hers, wish.customer_id)]))[0], Applied)

    assert list(await connector.push([wish])) == [Conflict()], "what it says already is looked at first"
    [remote] = await connector.fetch([Ref(None, wish.customer_id)])
    assert (remote.remote_id, remote.seq) == (hers.remote.remote_id, 0)
    [outcome] = await connector.push([replace(wish, remote_id=remote.remote_id, etag=remote.etag)])
    assert isinstance(outcome, Applied) and outcome.remote_id == hers.remote.remote_id
    assert await subject.count(wish.customer_id) == 1


async def test_nobodys_contact_is_told_by_its_id_and_tied(subject: Subject) -> None:
    connector, alice = subject.connector, subject.wish()
    if not isinstance(connector, Linking):
        pytest.skip("this CRM finds customers by their own ids alone")
    new = await subject.somebody("Marsh")

    [nobodys] = await connector.fetch([Ref(new, alice.customer_id)])
    assert (nobodys.remote_id, nobodys.customer_id, nobodys.seq) == (new, None, 0)
    assert isinstance((await connector.link([Link(Existing(nobodys, None, ""), alice.customer_id)]))[0], Applied)

    [remote] = await connector.fetch([Ref(None, alice.customer_id)])
    assert (remote.remote_id, remote.customer_id, remote.seq) == (new, alice.customer_id, 0)
    [outcome] = await connector.push([known(alice, new, remote.etag)])
    assert isinstance(outcome, Applied) and outcome.remote_id == new
    assert await subject.count(alice.customer_id) == 1


async def test_a_cursor_that_is_not_understood_any_more_is_told(subject: Subject) -> None:
    forgotten = await subject.expired_cursor()
    if forgotten is None:
        pytest.skip("this CRM has no cursor that could be another's")
    with pytest.raises(CursorExpired):
        await subject.connector.changes(forgotten)


async def test_the_crm_has_every_field_that_is_written(subject: Subject) -> None:
    if not isinstance(subject.connector, Describing):
        pytest.skip("this CRM takes whatever the catalogue names")
    findings = compare(subject.connector, await subject.connector.describe())
    assert {finding.name for finding in findings} >= set(subject.names.values())
    assert [finding for finding in findings if finding.problem] == []


async def test_a_field_that_the_crm_does_not_have_is_told(subject: Subject) -> None:
    if not isinstance(subject.connector, Describing):
        pytest.skip("this CRM takes whatever the catalogue names")
    fields = [one for one in await subject.connector.describe() if one.name != subject.names["language"]]
    [wrong] = [finding for finding in compare(subject.connector, fields) if finding.problem]
    assert (wrong.name, wrong.problem) == (subject.names["language"], "is missing; it would be written as text")


async def test_a_contact_that_says_what_the_record_says_is_tied_at_that_version(subject: Subject) -> None:
    """Nobody has to write it again: nobody is told of it as an edit, and what agents edit from then on is."""
    connector, one, another = subject.connector, subject.wish(), subject.wish()
    if not isinstance(connector, Browsing):
        pytest.skip("this CRM cannot be gone through")
    assert await subject.take_number(one.number)
    cursor = await subject.read_all()
    hers = await _with_number(connector, one.number)

    linked = await connector.link([Link(hers, one.customer_id, 3), Link(_gone(hers), another.customer_id, 3)])

    assert isinstance(linked[0], Applied) and linked[0].seq == 3
    assert isinstance(linked[1], Reject), "one that is not there is refused alone"
    [remote] = await connector.fetch([Ref(None, one.customer_id)])
    assert (remote.remote_id, remote.seq, remote.etag) == (hers.remote.remote_id, 3, linked[0].etag)
    told, _cursor = await connector.changes(cursor)
    assert one.customer_id not in [ref.customer_id for ref in told], "our own writing is no edit"


async def _with_number(connector: Browsing, number: str) -> Existing:
    cursor = None
    while True:
        found, cursor = await connector.browse(cursor, 20)
        if hers := [one for one in found if one.number == number]:
            return hers[0]
        assert cursor


def _gone(contact: Existing) -> Existing:
    there = contact.remote.remote_id
    return replace(
        contact, remote=replace(contact.remote, remote_id=there[:-4] + "9999" if len(there) > 4 else "999999")
    )
