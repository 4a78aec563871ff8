"""The secrets that browsers carry."""

import pytest

from portal.identity import tokens


@pytest.mark.asvs("7.2.2", "7.2.3", "11.5.1")
def test_no_two_are_alike_and_each_has_256_bits() -> None:
    made = {tokens.new() for _ in range(100)}
    assert len(made) == 100
    assert all(tokens.well_formed(token) for token in made)


@pytest.mark.parametrize(
    "text", [None, "", "x" * 42, "x" * 44, "x" * 42 + "=", "x" * 42 + "\n", "ä" * 43, "x" * 42 + " "]
)
def test_what_could_be_none_of_ours_is_told_apart(text: str | None) -> None:
    assert not tokens.well_formed(text)


def test_what_is_stored_gives_neither_the_token_nor_its_keys() -> None:
    token = tokens.new()
    stored = tokens.digest(token)
    assert len(stored) == 32
    assert stored not in (tokens.derive(token, "forms"), tokens.derive(token, "seal"))
    assert tokens.derive(token, "forms") != tokens.derive(token, "seal")


def test_only_who_brings_the_token_back_reads_what_was_sealed_under_it() -> None:
    token = tokens.new()
    sealed = tokens.seal(token, "an ID token")
    assert tokens.unseal(token, sealed) == "an ID token"
    assert b"an ID token" not in sealed
    assert tokens.unseal(tokens.new(), sealed) is None
    assert tokens.unseal(token, sealed[:-1] + b"x") is None
    assert tokens.unseal(token, b"") is None
