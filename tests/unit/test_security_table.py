"""The list of what is proven says the truth."""

from pathlib import Path
from typing import Any

import pytest

from tests.security.table import (
    Bar,
    case_problems,
    listed,
    problems,
    read_bar,
    read_cases,
    read_proofs,
    read_tests,
    table,
)


def test_every_requirement_is_proven_or_open_with_a_reason() -> None:
    assert not problems(read_bar(), read_proofs())


def test_what_is_wrong_with_it_is_told() -> None:
    bar = Bar({"1.2.1": "a", "1.2.2": "b", "1.2.3": "c"}, {"1.2.1": "later", "1.2.2": "", "9.9.9": "later"})
    proofs = {"1.2.1": ["tests/test_a.py::test_a"], "8.8.8": ["tests/test_b.py"]}

    assert problems(bar, proofs) == [
        "8.8.8 is marked by tests/test_b.py and is no requirement of the bar",
        "9.9.9 is open and is no requirement of the bar",
        "1.2.1 is open and proven, by tests/test_a.py::test_a",
        "1.2.2 is neither proven nor open with a reason: b",
        "1.2.3 is neither proven nor open with a reason: c",
    ]


def test_it_names_the_tests_and_the_reasons() -> None:
    bar = Bar({"1.10.1": "later ones last", "1.2.1": "words"}, {"1.10.1": "a reason"})

    assert list(table(bar, {"1.2.1": ["tests/test_a.py"]})) == [
        "1.2.1   words",
        "        tests/test_a.py",
        "1.10.1  later ones last",
        "        open: a reason",
        "",
        "1 of 2 requirements are proven by tests, 1 open.",
    ]


def test_what_must_fail_is_tried_by_tests_that_are_there() -> None:
    cases = read_cases()

    assert len(cases) > 20
    assert case_problems(cases, read_tests()) == []


TRIED: dict[str, Any] = {"tried": "A", "got": "403", "tests": ["tests/test_a.py::test_a"]}


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ([TRIED], []),
        ([{"tried": "B", "open": "later"}], [
            "B: open is nothing that a case says", "B: nobody says what it gets", "B: no test tries it",
        ]),
        ([TRIED | {"open": "later"}], ["A: open is nothing that a case says"]),
        ([TRIED | {"tests": ["tests/test_a.py::test_b"]}], ["A: there is no test tests/test_a.py::test_b"]),
        ([TRIED | {"tests": []}], ["A: no test tries it"]),
        ([TRIED | {"got": ""}], ["A: nobody says what it gets"]),
        ([TRIED, TRIED], ["A is listed twice, or says nothing"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_what_must_fail_is_told(cases: list[dict[str, Any]], told: list[str]) -> None:
    assert case_problems(cases, {"tests/test_a.py::test_a"}) == told


def test_what_a_test_needs_is_no_test(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def helper(): ...\ndef test_a(): ...\nclass TestB:\n    def test_b(self): ...")

    assert {name.partition("::")[2] for name in read_tests(tmp_path)} == {"test_a", "TestB::test_b"}


def test_what_must_fail_is_told_with_what_it_gets() -> None:
    assert list(listed([TRIED]))[2:] == ["A", "        403", "        tests/test_a.py::test_a"]
