"""What can happen on the way to a CRM and back: nothing is lost, nothing is done twice, and nobody guesses."""

from datetime import timedelta

import pytest

from portal.crm.port import Ambiguous, Applied, Forged, Malformed, Ref, Reject, Retry
from tests.conformance.subject import Delivery, Subject
from tests.standins.server import Break, Fault, StandIn


@pytest.fixture
def standin(subject: Subject) -> StandIn:
    if subject.standin is None:
        pytest.skip("there is no line to this CRM that could break")
    return subject.standin


LOST = [
    Fault(after=True, breaks=Break.HANG),
    Fault(after=True, breaks=Break.RESET),
    Fault(after=True, breaks=Break.DRIP),
    Fault(after=True, breaks=Break.GARBLED),
    Fault(after=True, status=500, body=b"{}"),
    Fault(after=True, status=502, body=b"<html>"),
    Fault(after=True, status=504),
]


@pytest.mark.parametrize("fault", LOST, ids=["timeout", "reset", "slow body", "garbled", "500", "502", "504"])
async def test_an_answer_that_is_lost_is_ambiguous_and_is_read_back(
    subject: Subject, standin: StandIn, fault: Fault
) -> None:
    if fault.breaks is Break.GARBLED and not subject.connector.caps.reads:
        pytest.skip("nobody reads what this CRM answers")
    alice = subject.wish(entries=[1])
    subject.hurry()
    standin.fail(fault)

    [outcome] = await subject.connector.push([alice])

    assert isinstance(outcome, Ambiguous), outcome
    if subject.can_be_read:
        [remote] = await subject.connector.fetch([Ref(None, alice.customer_id)])
        assert remote.seq == 1, "it was written, and reading back finds it"
    [again] = await subject.connector.push([alice])
    assert isinstance(again, Applied), again
    assert await subject.count(alice.customer_id) == 1
    there = await subject.there(alice.customer_id)
    assert there is not None and list(there.timeline) == [subject.told(1)]


@pytest.mark.parametrize("breaks", [Break.HANG, Break.RESET])
async def test_a_call_that_never_arrived_is_ambiguous_and_done_again(
    subject: Subject, standin: StandIn, breaks: Break
) -> None:
    alice = subject.wish()
    subject.hurry()
    standin.fail(Fault(breaks=breaks))
    [outcome] = await subject.connector.push([alice])
    assert isinstance(outcome, Ambiguous), outcome
    assert await subject.there(alice.customer_id) is None
    [again] = await subject.connector.push([alice])
    assert isinstance(again, Applied)


@pytest.mark.parametrize("status", [429, 503])
async def test_a_crm_that_wants_a_break_gets_it(subject: Subject, standin: StandIn, status: int) -> None:
    wishes = [subject.wish(), subject.wish()]
    standin.fail(Fault(status=status, headers=(("retry-after", "7"),), body=b"{}", repeat=subject.calls_for(wishes)))

    outcomes = await subject.connector.push(wishes)

    assert [(type(one), getattr(one, "after", None)) for one in outcomes] == [(Retry, 7.0)] * 2
    assert await subject.there(wishes[0].customer_id) is None


async def test_a_request_that_is_refused_as_a_whole_says_so(subject: Subject, standin: StandIn) -> None:
    wishes = [subject.wish(), subject.wish()]
    standin.fail(Fault(status=400, body=b"{}", repeat=subject.calls_for(wishes)))
    outcomes = await subject.connector.push(wishes)
    whole = not subject.one_call_each
    assert [(type(one), getattr(one, "whole", None)) for one in outcomes] == [(Reject, whole)] * 2


async def test_a_login_that_is_refused_is_told_in_words(subject: Subject, standin: StandIn) -> None:
    standin.fail(Fault(status=401, body=b"{}", repeat=50), on=lambda _call: True)
    [outcome] = await subject.connector.push([subject.wish()])
    assert isinstance(outcome, Retry) and "login" in outcome.why, outcome


async def test_a_redirect_is_not_followed(subject: Subject, standin: StandIn) -> None:
    elsewhere = (("location", "http://169.254.169.254/latest/meta-data/"),)
    standin.fail(Fault(status=307, headers=elsewhere))
    [outcome] = await subject.connector.push([subject.wish()])
    assert isinstance(outcome, Retry), outcome


async def test_a_timeline_whose_answer_is_lost_has_each_change_once(subject: Subject, standin: StandIn) -> None:
    alice = subject.wish(seq=2, entries=[1, 2])
    on = subject.writes_timeline()
    if on is None:
        pytest.skip("the timeline is written with the contact")
    standin.fail(Fault(after=True, breaks=Break.RESET), on=on)

    [outcome] = await subject.connector.push([alice])
    assert isinstance(outcome, Ambiguous), outcome
    [again] = await subject.connector.push([alice])
    assert isinstance(again, Applied), again

    there = await subject.there(alice.customer_id)
    assert there is not None and list(there.timeline) == [subject.told(1), subject.told(2)]


async def test_a_call_that_is_done_later_makes_no_second_contact(subject: Subject, standin: StandIn) -> None:
    alice = subject.wish(entries=[1])
    subject.hurry()
    standin.fail(Fault(breaks=Break.HANG))
    [outcome] = await subject.connector.push([alice])
    assert isinstance(outcome, Ambiguous), outcome
    [late] = [call for call in standin.calls if standin.writes_contacts(call)]
    [again] = await subject.connector.push([alice])
    assert isinstance(again, Applied), again

    await standin.land(late)

    assert await subject.count(alice.customer_id) == 1
    there = await subject.there(alice.customer_id)
    assert there is not None and list(there.timeline) == [subject.told(1)]


async def test_a_timeline_that_is_told_later_has_each_change_once(subject: Subject, standin: StandIn) -> None:
    alice = subject.wish(seq=2, entries=[1, 2])
    on = subject.writes_timeline()
    if on is None:
        pytest.skip("the timeline is written with the contact")
    subject.hurry()
    standin.fail(Fault(breaks=Break.HANG), on=on)
    [outcome] = await subject.connector.push([alice])
    assert isinstance(outcome, Ambiguous), outcome
    [late] = [call for call in standin.calls if on(call)]
    [again] = await subject.connector.push([alice])
    assert isinstance(again, Applied), again

    await standin.land(late)

    there = await subject.there(alice.customer_id)
    assert there is not None and list(there.timeline) == [subject.told(1), subject.told(2)]


async def test_what_is_left_of_the_allowance_is_told(subject: Subject, standin: StandIn) -> None:
    told: list[tuple[int | None, int | None]] = []

    class Meter:
        def spent(
            self,
            *,
            calls: int = 1,
            remaining: int | None = None,
            limit: int | None = None,
            resets_in: float | None = None,
        ) -> None:
            told.append((remaining, limit))

    subject.connector.meter = Meter()
    await subject.connector.push([subject.wish()])
    assert len(told) == len(standin.calls)
    if subject.tells_allowance():
        assert any(remaining is not None and limit is not None for remaining, limit in told)


@pytest.fixture
async def delivery(subject: Subject) -> Delivery:
    alice = subject.wish()
    await subject.connector.push([alice])
    made = subject.delivery(alice.customer_id)
    if made is None:
        pytest.skip("this CRM sends no webhooks")
    return made


def verify(subject: Subject, delivery: Delivery, **changes: object) -> list[str]:
    given = {"headers": delivery.headers, "raw": delivery.raw, "url": delivery.url, "now": delivery.now} | changes
    hints = subject.connector.verify(given["headers"], given["raw"], given["url"], given["now"])  # type: ignore[arg-type]
    return [hint.event_id for hint in hints]


async def test_a_genuine_webhook_is_a_hint(subject: Subject, delivery: Delivery) -> None:
    events = verify(subject, delivery)
    assert events and events == verify(subject, delivery), "a repetition has the same ids"


async def test_a_forged_webhook_is_refused(subject: Subject, delivery: Delivery) -> None:
    for raw in (delivery.raw + b" ", delivery.raw.replace(b"1", b"2"), b""):
        with pytest.raises(Forged):
            verify(subject, delivery, raw=raw)
    for name in delivery.headers:
        with pytest.raises(Forged):
            verify(subject, delivery, headers={k: v for k, v in delivery.headers.items() if k != name})
        with pytest.raises(Forged):
            verify(subject, delivery, headers={**delivery.headers, name: "nonsense"})


async def test_a_webhook_of_long_ago_or_from_the_future_is_refused(subject: Subject, delivery: Delivery) -> None:
    for days in (-1, 1):
        with pytest.raises(Forged):
            verify(subject, delivery, now=delivery.now + timedelta(days=days))


async def test_a_genuine_webhook_that_says_nothing_is_malformed(subject: Subject, delivery: Delivery) -> None:
    for raw in (b"[", b"null", b'"text"', b"[1, 2]", b'{"data": 5}', b"\xff\xfe"):
        signed = subject.signed(raw)
        with pytest.raises(Malformed):
            verify(subject, signed)
