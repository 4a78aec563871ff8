"""The agent's answer, what is open instead, and when either changes by itself."""

from dataclasses import replace
from datetime import datetime

import pytest

from portal.contact.answer import State
from portal.desk.glance import Cell, Glance, glance
from portal.i18n import using
from portal.record.models import Record
from tests.unit.contact_builders import CATALOGUE, SUNDAY, a_consent, a_window, alice, at, never_on

EVENINGS = alice(a_window(), never_on(SUNDAY))


def seen(record: Record, when: str) -> Glance:
    with using("en", "Europe/London"):
        found = glance(record, at(when), catalogue=CATALOGUE)
    assert found is not None
    return found


def test_the_answer_is_about_calling_for_the_first_purpose() -> None:
    found = seen(EVENINGS, "2026-11-25T18:22")

    assert found.channel.key == "phone"
    assert found.answer.headline == "Yes, call now: +44 20 7946 0018, until 20:00"
    assert found.instead == ()


def test_where_one_may_not_call_it_says_what_one_may_do() -> None:
    found = seen(EVENINGS, "2026-11-25T09:00")

    assert found.answer.state is State.WAIT
    assert found.instead == (
        "Yes, write e-mail now: alice@example.com",
        "Yes, write a letter now: 14 Mill Lane, Bath BA1 1AB",
    )


def test_the_grid_has_a_row_for_each_purpose_and_a_cell_for_each_channel() -> None:
    found = seen(alice(a_window(), a_consent("opt_in", "offers", "email")), "2026-11-25T09:00")

    assert [row.purpose for row in found.rows] == ["Your contract and service", "Offers and news", "Saving energy"]
    assert found.rows[1].cells == (
        Cell("E-mail", State.YES, "yes"),
        Cell("Phone", State.NO, "no"),
        Cell("Text", State.NO, "no"),
        Cell("Letter", State.NO, "no"),
    )
    assert found.rows[0].cells[1] == Cell("Phone", State.WAIT, "from 17:00 today")


def test_a_way_that_a_purpose_does_not_use_is_neither_yes_nor_no() -> None:
    purposes = {key: replace(purpose, channels=("email",)) for key, purpose in CATALOGUE.purposes.items()}
    with using("en", "Europe/London"):
        found = glance(EVENINGS, at("2026-11-25T09:00"), catalogue=replace(CATALOGUE, purposes=purposes))

    assert found is not None
    assert found.channel.key == "email", "nobody is called, so the answer is about what there is"
    assert found.rows[0].cells[1] == Cell("Phone", None, "not used")


@pytest.mark.parametrize(
    ("when", "turns"),
    [
        ("2026-11-25T18:22", at("2026-11-25T20:00")),
        ("2026-11-25T09:00", at("2026-11-25T17:00")),
        ("2026-11-27T21:00", at("2026-11-30T17:00")),
    ],
    ids=["it ends", "it begins", "after the weekend"],
)
def test_it_knows_when_it_becomes_untrue_by_itself(when: str, turns: datetime) -> None:
    assert seen(EVENINGS, when).turns == turns


def test_a_catalogue_without_purposes_has_no_answer() -> None:
    assert glance(EVENINGS, at("2026-11-25T09:00"), catalogue=replace(CATALOGUE, purposes={})) is None
