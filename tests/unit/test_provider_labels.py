"""What people read where a provider is named, on pages and in letters."""

import pytest

from portal.settings.providers import CustomerProviderSettings, label_of

GIVEN = {
    "main": CustomerProviderSettings(issuer="https://a.example", client_id="x", label="Account", label_de="Konto"),
    "english": CustomerProviderSettings(issuer="https://b.example", client_id="x", label="Shop"),
    "web_shop": CustomerProviderSettings(issuer="https://c.example", client_id="x"),
}


@pytest.mark.parametrize(
    ("name", "language", "label"),
    [
        ("main", "en", "Account"),
        ("main", "de", "Konto"),
        ("english", "de", "Shop"),
        ("web_shop", "en", "Web shop"),
        ("gone-away", "de", "Gone away"),
    ],
)
def test_it_is_the_same_wherever_it_stands(name: str, language: str, label: str) -> None:
    assert label_of(GIVEN, name, language) == label
