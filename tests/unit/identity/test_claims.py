"""What a provider says about a person may have any form."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.identity import claims


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("roles", ["agent"]),
        ("realm_access.roles", ["auditor"]),
        ("https://portal.example.com/roles", ["operator"]),
        ("a.b", "literal"),
        ("roles.more", None),
        ("realm_access.none", None),
        ("none", None),
        ("", None),
    ],
)
def test_a_claim_is_found_by_name_or_by_the_way_to_it(name: str, value: object) -> None:
    said = {
        "roles": ["agent"],
        "realm_access": {"roles": ["auditor"]},
        "https://portal.example.com/roles": ["operator"],
        "a.b": "literal",
        "a": {"b": "inside"},
    }
    assert claims.find(said, name) == value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Alice Marsh", "Alice Marsh"),
        ("  Alice \n\t Marsh ", "Alice Marsh"),
        ("Al\x00ice\x1b[31m", "Alice[31m"),
        ("\u202eecilA", "ecilA"),
        ("\ud800", None),
        ("", None),
        ("   ", None),
        (7, None),
        (["Alice"], None),
        (None, None),
        ("x" * 500, "x" * 200),
    ],
)
def test_a_text_is_one_line_that_can_be_shown(value: object, told: str | None) -> None:
    assert claims.text(value) == told


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("20418", "20418"),
        (20418, "20418"),
        (" 20418 ", "20418"),
        ("K-20418/A", "K-20418/A"),
        (True, None),
        (20418.0, None),
        ("", None),
        ("204\x0018", None),
        ("20\u200b418", None),
        (["20418"], None),
        ({"number": "20418"}, None),
        (None, None),
        ("9" * 300, None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_customer_number_is_taken_as_it_is_or_not_at_all(value: object, number: str | None) -> None:
    assert claims.customer_number(value) == number


@pytest.mark.parametrize(
    ("value", "roles"),
    [
        ("agent", {"agent"}),
        (["agent", "auditor"], {"agent", "auditor"}),
        (["agent", 7, None, ["auditor"]], {"agent"}),
        ({"agent": True}, set()),
        (None, set()),
        ("agent auditor", {"agent auditor"}),
    ],
)
def test_a_claim_may_be_one_text_or_a_list_of_them(value: object, roles: set[str]) -> None:
    assert claims.texts(value) == roles


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"name": "Grace Okafor", "email": "grace@example.com"}, "Grace Okafor"),
        ({"name": "", "preferred_username": "grace"}, "grace"),
        ({"name": 7, "email": "grace@example.com"}, "grace@example.com"),
        ({}, "subject-1"),
    ],
)
def test_somebody_is_called_by_the_best_name_there_is(said: dict[str, Any], name: str) -> None:
    assert claims.display_name(said, "subject-1") == name


def test_the_id_token_comes_first_and_userinfo_fills_in() -> None:
    merged = claims.merged({"sub": "x", "name": "Alice"}, {"sub": "x", "name": "Ally", "locale": "de"})

    assert merged == {"sub": "x", "name": "Alice", "locale": "de"}


@pytest.mark.asvs("6.8.1")
def test_that_an_address_is_verified_counts_for_that_address() -> None:
    """An address in the ID token does not become verified by what userinfo says of another one."""
    verified = {"email": "mallory@example.com", "email_verified": True}

    assert claims.merged({"email": "alice@example.com"}, verified) == {"email": "alice@example.com"}
    assert claims.merged({"email": "mallory@example.com"}, verified) == verified
    assert claims.merged({}, verified) == verified
    assert claims.merged({"email": "alice@example.com", "email_verified": True}, {"email_verified": False}) == {
        "email": "alice@example.com",
        "email_verified": True,
    }
    assert claims.merged({"email_verified": True}, {"email": "victim@example.com", "email_verified": False}) == {
        "email": "victim@example.com",
        "email_verified": False,
    }
    assert claims.merged({"email_verified": True}, {"email": "victim@example.com"}) == {"email": "victim@example.com"}
    assert claims.merged({"email_verified": True}, {"name": "Mallory"}) == {"name": "Mallory"}


ADDRESSES = st.sampled_from(["a@example.com", "b@example.com", "A@example.com", "", None, 7])
SAID = st.fixed_dictionaries(
    {}, optional={"email": ADDRESSES, "email_verified": st.sampled_from([True, False, "true"])}
)


@pytest.mark.asvs("6.8.1")
@given(id_token=SAID, userinfo=SAID)
def test_no_source_vouches_for_an_address_that_another_one_named(
    id_token: dict[str, Any], userinfo: dict[str, Any]
) -> None:
    merged = claims.merged(id_token, userinfo)

    pairs = [{name: source[name] for name in claims.MAILBOX if name in source} for source in (id_token, userinfo)]
    assert merged in [pair for pair in pairs if "email" in pair] or merged == {}
    if "email" in id_token:
        assert merged["email"] == id_token["email"], "userinfo names no other one in its place"
    if "email_verified" in id_token and "email" in id_token:
        assert merged["email_verified"] == id_token["email_verified"]
