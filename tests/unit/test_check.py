"""The gate takes whatever JSON a CRM or a forged post brings, and says what is wrong with it instead of breaking."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.audit.values import Value
from portal.catalogue import load
from portal.catalogue.check import in_words, is_language, problem
from portal.i18n import using
from portal.paths import resource
from portal.record.models import COLLECTIONS, Consent, attributes

CATALOGUE = load(resource("catalogue.toml"))
ID = UUID(int=1)
PATHS = [
    "customer/number",
    "profile/no_such_field",
    "no/such/path",
    *(f"profile/{key}" for key in CATALOGUE.fields),
    *(f"{collection}/{ID}/{name}" for collection, model in COLLECTIONS.items() for name in attributes(model)),
    *(f"consents/offers/email/{name}" for name in attributes(Consent)),
]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(st.sampled_from(PATHS), json_values)
def test_any_value_at_any_path_is_judged(path: str, value: Any) -> None:
    why = problem(CATALOGUE, path, value)

    assert why is None or why
    if isinstance(value, dict | float):
        assert why is not None, "no path holds such a thing"


@given(st.sampled_from(PATHS), json_values)
@example("profile/call_me", "x" * 81)
@example(f"contact_points/{ID}/system", "fax")
def test_whatever_is_wrong_is_told_in_the_readers_language(path: str, value: Any) -> None:
    if why := problem(CATALOGUE, path, value):
        with using("en"):
            assert in_words(why) == why
        with using("de"):
            assert in_words(why) != why


@given(st.text())
def test_any_path_is_judged(path: str) -> None:
    assert problem(CATALOGUE, path, {}), "no path holds an object"  # type: ignore[arg-type]  # as a CRM might send it


@pytest.mark.parametrize(
    ("path", "kept", "others"),
    [
        ("profile/customer_since", "2026-03-31", ["20260331", "2026-W14-2", "2026-02-30"]),
        (f"contact_windows/{ID}/start", "17:00", ["17:00:00", "1700", "17:00+02:00", "17:00:00.5"]),
        (
            f"notes/{ID}/created_at",
            "2026-03-31T15:00:00.000000Z",
            ["2026-03-31T15:00:00Z", "2026-03-31T17:00:00.000000+02:00", "2026-03-31", "0001-01-01T00:00:00+05:00"],
        ),
        (f"contact_windows/{ID}/weekdays", [1, 7], [[], [7, 1], [1, 1], [0], [8], [True], [1.0], ["1"], "1"]),
        (f"contact_points/{ID}/rank", 1, [0, 1_001, True, 1.0, "1"]),
        (f"notes/{ID}/about", str(ID), [ID.hex, f"{{{ID}}}", str(UUID(int=10)).upper()]),
    ],
)
def test_a_thing_has_one_spelling(path: str, kept: Value, others: list[Any]) -> None:
    assert problem(CATALOGUE, path, kept) is None
    assert all(problem(CATALOGUE, path, other) for other in others)


@pytest.mark.parametrize(
    ("code", "known"),
    [
        *((code, True) for code in ("en", "pt-BR", "zh-Hant-TW", "gsw")),
        *((code, False) for code in ("", "tlh", "de_DE", "de@euro", "de.UTF-8", "de\n", "en-" + "A" * 60_000)),
    ],
)
def test_a_language_is_a_code_of_one_that_has_a_name(code: str, known: bool) -> None:
    assert is_language(code) is known
