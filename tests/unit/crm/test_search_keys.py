"""What agents type, and what it finds."""

from itertools import permutations
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.crm.embedded.search_keys import MAX_KEY, MAX_KEYS, MAX_TERMS, search_keys, search_terms
from portal.record.models import ContactPoint, System, Use

POINTS = (
    ContactPoint(uuid4(), System.PHONE, "+442079460018", Use.MOBILE, 1),
    ContactPoint(uuid4(), System.EMAIL, "alice.marsh@example.com", Use.PRIVATE, 2),
    ContactPoint(uuid4(), System.POSTAL, "14 Mill Lane\nBath BA1 1AB", Use.HOME, 3),
)


def finds(query: str, *, name: str = "Alice Marsh", number: str = "20418") -> bool:
    keys = search_keys(name, number, POINTS)
    terms = search_terms(query)
    return bool(terms) and all(any(key.startswith(term) for key in keys) for term in terms)


@pytest.mark.parametrize(
    "query",
    [
        "alice",
        "Marsh Ali",
        "  MARSH  ",
        "alice.marsh@example.com",
        "alice.m",
        "20418",
        "20 418",
        "204",
        "+44 20 7946 0018",
        "0044 20 7946",
        "+44 (0)20 7946",
        "020 7946 0018",
        "20 7946-0018",
        "marsh 20418",
    ],
)
def test_what_an_agent_may_type_finds_her(query: str) -> None:
    assert finds(query)


@pytest.mark.parametrize("query", ["", " ", "\0", "bob", "alice keller", "19", "+49 20 7946", "%", "_", "lice"])
def test_something_else_does_not(query: str) -> None:
    assert not finds(query)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Jürgen Müller", "muller"),
        ("Jürgen Müller", "mueller"),
        ("Jürgen Müller", "müller jürgen"),
        ("José Núñez", "nunez"),
        ("Jörg Weiß", "weiss"),
        ("Anna Smith-Jones", "jones"),
        ("Anna Smith-Jones", "smith-jo"),
        ("Siobhán O’Brien", "brien"),
        ("Łukasz 李小龙", "李小"),
    ],
)
def test_names_are_found_however_they_are_typed(name: str, query: str) -> None:
    assert finds(query, name=name)


@pytest.mark.parametrize(
    ("number", "query"), [("00417", "00417"), ("00417", "417"), ("K-20 418", "k-20"), ("12-34", "1234")]
)
def test_customer_numbers_are_found_in_the_form_in_which_they_are_printed(number: str, query: str) -> None:
    assert finds(query, number=number)


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("Alice Marsh", {" alice marsh", " marsh alice"}),
        ("Jürgen Müller", {" jurgen muller", " muller jurgen", " juergen mueller", " mueller juergen"}),
        (
            "Anna Smith-Jones",
            {" anna smith-jones", " smith-jones anna"}
            | {f" {one} {other}" for one, other in permutations(("anna", "smith", "jones"), 2)},
        ),
        ("Cher", set()),
    ],
)
def test_each_two_words_of_a_name_are_a_key(name: str, pairs: set[str]) -> None:
    assert {key for key in search_keys(name, "20418", POINTS) if key.startswith(" ")} == pairs


def test_a_name_of_many_words_leaves_no_other_key_out() -> None:
    keys = search_keys(" ".join("abcdefghijklm"), "20418", POINTS)

    assert {"20418", "m", "alice.marsh@example.com", "02079460018"} < set(keys)
    assert len(keys) == MAX_KEYS


@given(st.text(max_size=400), st.text(max_size=400))
def test_whatever_is_typed_or_kept_has_a_form_and_a_limit(name: str, query: str) -> None:
    assert all(0 < len(key) <= MAX_KEY for key in search_keys(name, "1", ()))
    terms = search_terms(query)
    assert len(terms) <= MAX_TERMS
    assert all(0 < len(term) <= MAX_KEY and "\0" not in term for term in terms)
