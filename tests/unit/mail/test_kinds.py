"""Who gets a letter of their own."""

import string
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import clock
from portal.identity import mailboxes
from portal.mail import MailKind, address_mail, addresses, mails
from portal.mail.kinds import mailbox
from portal.record.models import ContactPoint, Record, System, Use

ALIKE = [
    ("rose@groß.example", "rose@gross.example"),
    ("fish@example.com", "\ufb01sh@example.com"),  # a ligature
    ("sam@example.com", "\u017fam@example.com"),  # a long s
    ("kim@example.com", "\u212aim@example.com"),  # the Kelvin sign
    ("jörg@example.com", "JÖRG@example.com"),
]

# Texts that meet often: the same letters in both cases, and what case folding takes for them.
texts = st.text(st.sampled_from("aAkKsSfFiI\u017f\u212a\ufb01ßẞ\u0131\u0130éÉ@."), max_size=6) | st.text(max_size=6)


def a_record(*values: str) -> Record:
    points = (
        ContactPoint(clock.uuid7(), System.EMAIL, value, Use.PRIVATE, rank) for rank, value in enumerate(values, 1)
    )
    return Record(id=clock.uuid7(), number="1", seq=1, contact_points=tuple(points))


def told(record: Record, also: str | None = None) -> list[str]:
    """The addresses that the jobs of a warning lead to."""
    values = {point.id: point.value for point in record.contact_points}
    jobs = list(mails(MailKind.LOGIN_UNLINKED, also=also)(record))
    return [job.secret.get("address") or values[UUID(str(job.args["point"]))] for job in jobs]


@given(texts, texts)
def test_one_letter_is_enough_only_where_case_alone_differs(one: str, other: str) -> None:
    by_hand = len(one) == len(other) and all(
        a == b or (a in string.ascii_letters and b in string.ascii_letters and a.lower() == b.lower())
        for a, b in zip(one, other, strict=False)
    )
    assert (mailbox(one) == mailbox(other)) == by_hand


@given(st.lists(texts, max_size=5), texts)
def test_nobody_is_left_out(values: list[str], also: str) -> None:
    got = {mailbox(value) for value in told(a_record(*values), also)}
    assert got == {mailbox(value) for value in (*values, *([also] if also else []))}


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_only_looks_alike_gets_a_letter_of_its_own(one: str, other: str) -> None:
    for values in ((one, other), (other, one)):
        assert [point.value for point in addresses(a_record(*values))] == list(values)
        assert told(a_record(values[0]), values[1]) == list(values)


@pytest.mark.parametrize("pair", [("Alice@Example.com", "alice@example.com"), ("jörg@EXAMPLE.com", "jörg@example.com")])
def test_nobody_is_told_twice_for_a_capital_letter(pair: tuple[str, str]) -> None:
    assert mailboxes.key(pair[0]) == mailboxes.key(pair[1])
    assert told(a_record(*pair)) == told(a_record(pair[0]), pair[1]) == [pair[0]]


def test_only_the_address_that_leads_elsewhere_is_told() -> None:
    record = a_record("alice@example.com", "alice@work.example")
    first, second = record.contact_points
    assert [job.args["point"] for job in address_mail(first.id, becomes=None)(record)] == [str(first.id)]
    assert [job.args["point"] for job in address_mail(second.id, becomes="ſam@x.example")(record)] == [str(second.id)]
    assert list(address_mail(first.id, becomes="Alice@example.com")(record)) == [], "the same mailbox"
    phone = Record(id=record.id, number="1", seq=1, contact_points=(replace(first, system=System.PHONE),))
    assert list(address_mail(first.id, becomes=None)(phone)) == []
