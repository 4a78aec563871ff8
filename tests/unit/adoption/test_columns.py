"""What a cell says, in the record's words."""

import pytest

from portal.adoption.columns import Columns, known_columns
from portal.adoption.person import Person
from portal.catalogue import Catalogue
from portal.catalogue.check import problems
from portal.errors import Invalid

AT = "consents/offers/email"
WHEN = f"{AT}/capture_date"
BEFORE, AFTER = "0001-01-01T00:00+23:00", "9999-12-31T23:59-23:00"
DAY = "a day, such as 2026-03-31"
HELPS = "text_first, extra_time, speak_slowly, large_print, in_writing"
PHONE = "contact_points/phone/mobile"


def person(catalogue: Catalogue, country: str | None = None, **cells: str) -> Person:
    named = {"customer_number": "K1"} | {name.replace("__", "/"): cell for name, cell in cells.items()}
    return Columns.read(catalogue, list(named), country).person("2", list(named.values()))


def test_every_column_that_is_printed_is_understood(catalogue: Catalogue) -> None:
    printed = [name.replace("USE", "home") for name, _takes in known_columns(catalogue)]
    columns = Columns.read(catalogue, [f" {name} " for name in printed])
    assert columns.person("2", [""] * len(printed)) == Person("2", None, "", {})


@pytest.mark.parametrize(
    ("path", "cell", "value"),
    [
        ("profile/given_name", "  Ann ", "Ann"),
        ("profile/good_to_know", "one\r\ntwo", "one\ntwo"),
        ("profile/helps_me", "in_writing;text_first;in_writing", ["text_first", "in_writing"]),
        ("profile/pronouns", "they", "they"),
        ("profile/customer_since", "2024-02-29", "2024-02-29"),
        ("profile/time_zone", "Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_a_cell_becomes_a_value_that_a_record_can_hold(
    catalogue: Catalogue, path: str, cell: str, value: object
) -> None:
    found = person(catalogue, **{path: cell})
    assert found.profile == {path: value}
    assert not found.wrong and not problems(catalogue, found.profile)


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        (
            {"profile/language": "Klingon"},
            {"profile/language": "'Klingon' is no language; it takes a code, such as de"},
        ),
        (
            {"profile/helps_me": "magic"},
            {"profile/helps_me": f"'magic' is none of the choices; it takes some of {HELPS}, with ; between them"},
        ),
        (
            {"profile/customer_since": "31.03.2026"},
            {"profile/customer_since": f"'31.03.2026' is no date; it takes {DAY}"},
        ),
        ({"contact_points/email/home": "ann@"}, {"contact_points/email/home": "'ann@' is no e-mail address"}),
        ({PHONE: "+49 30 12345 or 6789"}, {PHONE: "'+49 30 12345 or 6789' is no phone number in E.164"}),
        ({PHONE: "+49 30 1234567 ext. 12"}, {PHONE: "'+49 30 1234567 ext. 12' is no phone number in E.164"}),
        ({AT: "yes"}, {AT: "'yes' is none of opt_in, opt_out, seen, not_seen"}),
        ({AT: "opt_in", WHEN: "31.03.2025"}, {WHEN: f"'31.03.2025' is no date; it takes {DAY}, or a moment"}),
        ({AT: "opt_in", WHEN: "2999-01-01"}, {WHEN: "'2999-01-01' is yet to come"}),
        ({AT: "opt_in", WHEN: BEFORE}, {WHEN: f"'{BEFORE}' is no date; it takes {DAY}, or a moment"}),
        ({AT: "opt_in", WHEN: AFTER}, {WHEN: f"'{AFTER}' is no date; it takes {DAY}, or a moment"}),
    ],
    ids=[
        "language",
        "choice",
        "date",
        "mailbox",
        "two numbers",
        "extension",
        "status",
        "another format",
        "future",
        "before all days",
        "after all days",
    ],
)
def test_a_cell_that_cannot_be_kept_is_told_by_its_column(
    catalogue: Catalogue, cells: dict[str, str], wrong: dict[str, str]
) -> None:
    assert person(catalogue, **cells).wrong == wrong


def test_what_is_locked_cannot_be_opted_out_of(catalogue: Catalogue) -> None:
    purpose = next(one for one in catalogue.purposes.values() if one.locked)
    path = f"consents/{purpose.key}/{purpose.locked[0]}"
    assert person(catalogue, **{path: "opt_out"}).wrong == {f"{path}/status": "'opt_out' cannot be opted out of"}


def test_phone_numbers_are_where_the_operator_says(catalogue: Catalogue) -> None:
    path = "contact_points/phone/home"
    assert person(catalogue, **{path: "030 901820"}).wrong == {
        path: "'030 901820' is no phone number with its country code"
    }
    assert [one.value for one in person(catalogue, "DE", **{path: "030 901820"}).addresses] == ["+4930901820"]


@pytest.mark.parametrize("heading", [["name"], ["customer_number", "profile"], ["customer_number", "logins/x/issuer"]])
def test_no_other_column_is_taken(catalogue: Catalogue, heading: list[str]) -> None:
    with pytest.raises(Invalid):
        Columns.read(catalogue, heading)
