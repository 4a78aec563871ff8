"""Addresses in their one form; what is no address stays as it came, for the gate to refuse."""

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.catalogue.check import contact_point_problem
from portal.catalogue.told import address
from portal.record.addresses import normal
from portal.record.models import System


@pytest.mark.parametrize(
    "text",
    [
        "+493012345678",
        "+49 30 12345678",
        "0049 30 12345678",
        "030 12345678",
        "030/12345678",
        "(030) / 123 456 78",
        "+49 (0)30/12345678",
        "+49 (0) 30 12345678",
        "(+49) 30 1234-5678",
        "030\u00a01234\u20115678",
        " 030.1234.5678 ",
        "030 – 123 456 78",
    ],
)
def test_a_phone_number_is_one_however_it_is_written(text: str) -> None:
    assert normal(System.PHONE, text, "DE") == "+493012345678"


@pytest.mark.parametrize(
    "text",
    [
        "030 12345 or 6789",
        "030 12345/6789",
        "030 12345 / 030 6789",
        "030 12345, 6789",
        "030 12345; 6789",
        "030 12345\n6789",
        "+49 30 12345 +49 30 6789",
        "+49 30 1234567 ext. 12",
        "+49 30 1234567 x12",
        "+49 30 1234567#12",
        "+49 30 1234567;ext=12",
        "call 030 1234567",
        "030 1234567 (mornings)",
        "0800 FLOWERS",
        "2026-03-31 030 1234567 again",
        "",
        "+",
    ],
)
def test_what_is_more_or_less_than_one_number_is_left_to_a_person(text: str) -> None:
    """No digits are picked out of prose, and nothing is left out of what somebody wrote."""
    assert normal(System.PHONE, text, "DE") == text
    assert contact_point_problem(System.PHONE, text)


E164, INTERNATIONAL = phonenumbers.PhoneNumberFormat.E164, phonenumbers.PhoneNumberFormat.INTERNATIONAL


def _examples() -> list[str]:
    """Numbers of each kind that each region has, as a record keeps them."""
    kinds, everywhere = phonenumbers.PhoneNumberType.values(), phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS
    of_regions = [phonenumbers.example_number_for_type(r, k) for r in phonenumbers.SUPPORTED_REGIONS for k in kinds]
    numbers = [*of_regions, *map(phonenumbers.example_number_for_non_geo_entity, everywhere)]
    return sorted({phonenumbers.format_number(number, E164) for number in numbers if number})


EXAMPLES = _examples()


def _parsed(value: str) -> str:
    return phonenumbers.format_number(phonenumbers.parse(value), INTERNATIONAL)


def test_a_number_of_any_region_is_told_as_if_it_were_parsed() -> None:
    assert len(EXAMPLES) > 1000
    assert {value: address(System.PHONE, value) for value in EXAMPLES} == {value: _parsed(value) for value in EXAMPLES}


@given(st.sampled_from(EXAMPLES), st.text("0123456789", min_size=14, max_size=14))
def test_so_is_every_number_that_the_gate_lets_in(known: str, digits: str) -> None:
    code = f"+{phonenumbers.parse(known).country_code}"
    value = code + digits[: len(known) - len(code)]
    assume(contact_point_problem(System.PHONE, value) is None)

    assert address(System.PHONE, value) == _parsed(value)


@pytest.mark.parametrize("value", ["", "+", "+0", "+49", "+999123456789", "030 12345678", "ask at the desk"])
def test_what_is_no_number_is_told_as_it_stands(value: str) -> None:
    assert address(System.PHONE, value) == value
