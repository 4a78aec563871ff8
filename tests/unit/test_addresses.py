"""Addresses in their one form; what is no address stays as it came, for the gate to refuse."""

import pytest

from portal.catalogue.check import contact_point_problem
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
