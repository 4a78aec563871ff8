"""The token in forms: laws of masking, and what is no token."""

from hypothesis import given
from hypothesis import strategies as st

from portal.web.form_token import mask, matches, unmask

secrets = st.binary(min_size=16, max_size=64)


@given(secrets)
def test_what_was_masked_can_be_unmasked(secret: bytes) -> None:
    assert unmask(mask(secret)) == secret
    assert matches(secret, mask(secret))


@given(secrets)
def test_no_two_tokens_are_alike_and_none_shows_the_secret(secret: bytes) -> None:
    tokens = {mask(secret) for _ in range(5)}

    assert len(tokens) == 5
    assert all(secret.hex() not in token for token in tokens)


@given(secrets, secrets)
def test_a_token_of_another_session_does_not_match(secret: bytes, other: bytes) -> None:
    assert matches(secret, mask(other)) == (secret == other)


@given(secrets, st.text())
def test_any_text_is_looked_at_without_an_error(secret: bytes, text: str) -> None:
    found = unmask(text)

    assert found is None or isinstance(found, bytes)
    assert matches(secret, text) == (found == secret)


def test_an_empty_secret_matches_nothing() -> None:
    assert not matches(b"", "")
    assert not matches(b"", mask(b"x"))
