"""What docs/sessions.md says of times and limits is what the portal does unless it is told otherwise."""

import re

import pytest

from portal.paths import resource
from portal.settings import Settings

ROW = re.compile(r"^\| `(?P<name>[A-Z_]+)` \| (?P<default>[^|]+?) \|", re.MULTILINE)

pytestmark = pytest.mark.asvs("7.1.1", "7.1.2", "7.1.3")


@pytest.fixture(scope="module")
def document() -> str:
    return (resource(".env.example").parent / "docs" / "sessions.md").read_text(encoding="utf-8")


def test_each_time_and_limit_is_told_with_its_default(document: str) -> None:
    told = {row["name"].lower(): row["default"] for row in ROW.finditer(document)}
    fields = {
        name: "as for customers" if field.default is None else str(field.default)
        for name, field in Settings.model_fields.items()
        if name.startswith(("session_", "staff_session_", "step_up_", "limit_")) and name != "limit_minutes"
    }

    assert told == fields
    assert f"`LIMIT_MINUTES` ({Settings.model_fields['limit_minutes'].default})" in document


@pytest.mark.parametrize("question", ["Why these times.", "How many at a time.", "Here and at the provider."])
def test_it_answers_what_has_to_be_decided(document: str, question: str) -> None:
    assert f"**{question}**" in document
