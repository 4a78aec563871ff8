"""The gate takes whatever JSON a CRM or a forged post brings, and says what is wrong with it instead of breaking."""

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from portal.catalogue import load
from portal.catalogue.check import problem
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


@given(st.text())
def test_any_path_is_judged(path: str) -> None:
    assert problem(CATALOGUE, path, {}), "no path holds an object"  # type: ignore[arg-type]  # as a CRM might send it
