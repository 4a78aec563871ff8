"""What is done for single providers, and that others are left with the standard."""

import pytest

from portal.identity.quirks import another_account, logout_parameters

BACK = "https://portal.example.com/"


@pytest.mark.parametrize(
    ("issuer", "prompt"),
    [
        ("https://accounts.google.com", "select_account"),
        ("https://accounts.google.com.evil.example", "login"),
        ("https://login.example.com", "login"),
    ],
)
def test_somebody_else_logs_in_by_a_prompt_that_the_provider_takes(issuer: str, prompt: str) -> None:
    assert another_account(issuer) == prompt


@pytest.mark.parametrize(
    ("issuer", "more"),
    [
        ("https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_abc", {"logout_uri": BACK}),
        ("https://login.example.com", {}),
    ],
)
def test_the_way_back_from_logging_out_has_the_name_that_the_provider_knows(issuer: str, more: dict[str, str]) -> None:
    assert logout_parameters(issuer, BACK) == more
