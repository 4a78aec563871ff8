"""Contact points in CRMs that have fields for them: who corrects one there is understood, and not written over."""

from dataclasses import replace

import pytest

from portal.crm.comparing import Comparing
from portal.crm.port import Applied, Conflict, Ref
from tests.conformance.subject import POINT, Subject, known


@pytest.fixture
def field(subject: Subject) -> str:
    """What the CRM calls its field for the first e-mail address."""
    if not subject.connector.caps.reads or subject.email is None:
        pytest.skip("this CRM has no fields for contact points that could be read")
    return subject.email


async def test_what_stands_there_is_told(subject: Subject, field: str) -> None:
    alice = subject.wish()
    await subject.connector.push([alice])
    [remote] = await subject.connector.fetch([Ref(None, alice.customer_id)])
    assert remote.points == {field: POINT.value}


async def test_a_correction_is_told_and_written_over_by_nobody_who_has_not_seen_it(
    subject: Subject, field: str
) -> None:
    alice = subject.wish()
    [outcome] = await subject.connector.push([alice])
    assert isinstance(outcome, Applied)
    await subject.correct(alice.customer_id, "zoe@example.net")

    [remote] = await subject.connector.fetch([Ref(None, alice.customer_id)])
    assert (remote.points, remote.seq) == ({field: "zoe@example.net"}, 1)
    assert remote.etag != outcome.etag

    later = known(alice, outcome.remote_id, outcome.etag, seq=2)
    assert await subject.connector.push([later]) == [Conflict()]
    [applied] = await subject.connector.push([known(later, outcome.remote_id, remote.etag)])
    assert isinstance(applied, Applied), "who has seen it may"
    [remote] = await subject.connector.fetch([Ref(None, alice.customer_id)])
    assert remote.points == {field: POINT.value}


async def test_an_emptied_field_is_told_as_empty(subject: Subject, field: str) -> None:
    alice = subject.wish()
    await subject.connector.push([alice])
    await subject.correct(alice.customer_id, None)
    [remote] = await subject.connector.fetch([Ref(None, alice.customer_id)])
    assert remote.points == {field: None}


async def test_the_feed_tells_of_a_correction(subject: Subject, field: str) -> None:
    if not subject.connector.caps.feed:
        pytest.skip("this CRM has no feed")
    alice = subject.wish()
    [outcome] = await subject.connector.push([alice])
    assert isinstance(outcome, Applied)
    cursor = await subject.read_all()
    await subject.correct(alice.customer_id, "zoe@example.net")
    refs, _later = await subject.connector.changes(cursor)
    assert {ref.customer_id or ref.remote_id for ref in refs} & {alice.customer_id, outcome.remote_id}


async def test_the_same_address_in_small_letters_is_no_edit(subject: Subject, field: str) -> None:
    if not isinstance(subject.connector, Comparing):
        pytest.skip("this CRM says itself what an edit is")
    alice = replace(subject.wish(), contact_points=(replace(POINT, value="Zoe@example.com"),))
    [outcome] = await subject.connector.push([alice])
    assert isinstance(outcome, Applied)
    await subject.correct(alice.customer_id, "zoe@example.com")
    [remote] = await subject.connector.fetch([Ref(None, alice.customer_id)])
    assert remote.etag == outcome.etag
