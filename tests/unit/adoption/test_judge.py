"""Which customer somebody is: sure, new, or for a person to decide."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.adoption.judge import Doubt, Doubtful, Matched, New, Rules, Verdict, judge
from portal.adoption.known import Known, Neighbours
from portal.adoption.person import Address, Person
from portal.adoption.twice import Twice
from portal.crm.inventory import Existing
from portal.crm.port import Remote
from portal.record.models import System, Use

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
REQUEST, ALICE = UUID(int=1), UUID(int=2)


def known(**more: object) -> Known:
    plain = Known(
        id=ALICE, number="K1", created_at=BEGAN - timedelta(days=9), first_request=UUID(int=9), remote_id=None,
        erased=False, as_usual=True, set_aside=False, said=frozenset(), touched=False, moved=False,
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]  # each test knows its own fields


def contact(where: str = "c1", number: str | None = "K1", **remote: object) -> Person:
    there = Remote(None, where, None, 0, None, {})
    there = replace(there, **remote)  # type: ignore[arg-type]  # each test knows its own fields
    return Person(where, number, "", {}, contact=Existing(there, number, ""))


def judged(
    person: Person, *others: Person, customer: Known | None = None, mailbox: str = "", shared: bool = False
) -> Verdict:
    twice = Twice()
    for one in (person, *others):
        twice.meet(one)
    known_ = [customer] if customer else []
    around = Neighbours(
        {one.number: one for one in known_}, {one.id: one for one in known_},
        {one.remote_id: one for one in known_ if one.remote_id}, {mailbox: ["K9"]},
    )  # fmt: skip
    return judge(person, REQUEST, twice, around, Rules(BEGAN, shared))


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (judged(contact()), New()),
        (judged(contact(), customer=known()), Matched(known())),
        (judged(contact(), customer=known(remote_id="c1")), Matched(known(remote_id="c1"))),
        (judged(contact(number=None, customer_id=ALICE), customer=known()), Matched(known())),
        (judged(contact(number=None)), Doubtful(Doubt.NO_NUMBER)),
        (judged(contact(), contact("c2")), Doubtful(Doubt.SAME_NUMBER, ("c2",))),
        (judged(contact(), customer=known(erased=True)), Doubtful(Doubt.ERASED, ("K1",))),
        (judged(contact(), customer=known(set_aside=True)), Doubtful(Doubt.SET_ASIDE, ("K1",))),
        (
            judged(contact(customer_id=ALICE), customer=known(remote_id="c1", set_aside=True)),
            Matched(known(remote_id="c1", set_aside=True)),
        ),
        (judged(contact(), customer=known(remote_id="c7")), Doubtful(Doubt.OTHER_CONTACT, ("K1", "c7"))),
        (
            judged(contact(), contact("c2", None, customer_id=ALICE), customer=known()),
            Doubtful(Doubt.OTHER_CONTACT, ("K1", "c2")),
        ),
        (judged(contact(number="K2"), customer=known(remote_id="c1")), Doubtful(Doubt.OTHER_NUMBER, ("K1",))),
        (judged(contact(restricted=True)), Doubtful(Doubt.RESTRICTED)),
        (judged(contact(customer_id=UUID(int=5))), Doubtful(Doubt.STRANGE_ID, (str(UUID(int=5)),))),
        (judged(contact(number="K2", customer_id=ALICE), customer=known()), Doubtful(Doubt.OTHER_NUMBER, ("K1",))),
        (
            judged(contact(customer_id=ALICE), contact("c2", None, customer_id=ALICE), customer=known()),
            Doubtful(Doubt.SAME_ID, ("K1", "c2")),
        ),
    ],
)  # fmt: skip
def test_the_rules(verdict: Verdict, expected: Verdict) -> None:
    assert verdict == expected


def test_an_address_raises_a_doubt_and_never_more() -> None:
    ann = replace(contact(), addresses=(Address(System.EMAIL, "Ann@Example.com", Use.PRIVATE),))
    assert judged(ann, mailbox="ann@example.com") == Doubtful(Doubt.SAME_MAILBOX, ("K9",))
    assert judged(ann, mailbox="ann@example.com", shared=True) == New()
    assert judged(ann, mailbox="ann@example.com", customer=known()) == Matched(known()), "a number is sure"


def test_what_this_run_has_begun_is_new() -> None:
    begun = known(first_request=REQUEST, created_at=BEGAN)
    assert judged(contact(), customer=begun) == New(begun)
    before = known(first_request=REQUEST, created_at=BEGAN - timedelta(seconds=1))
    assert judged(contact(), customer=before) == Matched(before)


@given(st.permutations([("a", "K1"), ("b", "K1"), ("c", "K2"), ("d", None)]))
def test_no_order_decides(order: list[tuple[str, str | None]]) -> None:
    people = [contact(where, number) for where, number in order]
    found = {one.where: judged(one, *(other for other in people if other is not one)) for one in people}
    assert {where: type(verdict) for where, verdict in found.items()} == {
        "a": Doubtful, "b": Doubtful, "c": New, "d": Doubtful,
    }  # fmt: skip


def test_ids_are_no_hashes_of_numbers() -> None:
    twice, id = Twice(), uuid4()
    twice.meet(contact("c1", str(id)))
    twice.meet(contact("c2", None, customer_id=id))
    assert (twice.with_number(contact("c1", str(id))), twice.tied_to(id)) == ([], ["c2"])
