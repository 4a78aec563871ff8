"""The codes of invitations: enough of chance in them, and fit for being typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.identity import codes

plain = st.builds(lambda _: codes.new().replace("-", ""), st.integers())


@pytest.mark.asvs("11.5.1")
def test_a_code_has_more_than_128_random_bits() -> None:
    assert (codes.LENGTH - 1) * 5 >= 128
    assert len({codes.new() for _ in range(1_000)}) == 1_000


@given(plain, st.data())
def test_it_is_read_however_it_is_typed(code: str, data: st.DataObject) -> None:
    typed = "".join(data.draw(st.sampled_from((letter, letter.lower(), f" {letter}", f"{letter}-"))) for letter in code)
    confused = typed.replace("0", data.draw(st.sampled_from("0Oo"))).replace("1", data.draw(st.sampled_from("1IilL")))

    assert codes.read(confused) == codes.grouped(code)


@given(plain, st.integers(0, codes.LENGTH - 1), st.sampled_from(codes.ALPHABET))
def test_no_wrong_letter_goes_unnoticed(code: str, place: int, letter: str) -> None:
    wrong = code[:place] + letter + code[place + 1 :]

    assert (codes.read(wrong) is None) == (wrong != code)


@given(plain, st.integers(0, codes.LENGTH - 2))
def test_nor_two_that_changed_places(code: str, place: int) -> None:
    one, other = code[place], code[place + 1]
    swapped = code[:place] + other + one + code[place + 2 :]

    assert codes.read(swapped) is None or {one, other} == {"0", "Z"} or one == other


@given(st.text(max_size=200))
def test_anything_else_is_no_code(text: str) -> None:
    found = codes.read(text)

    assert found is None or codes.read(found) == found


def test_its_hash_says_nothing_of_it() -> None:
    code = codes.new()

    assert len(codes.digest(code)) == 32
    assert codes.digest(code) != codes.digest(codes.new())
