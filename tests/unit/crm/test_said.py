"""Our own words of what went wrong are told in the reader's language, and a CRM's words are left alone and quoted."""

import ast
import re
from pathlib import Path

import pytest

from portal.crm.said import Own, in_words, why_failed, without_theirs
from portal.i18n import using

ROOT = Path(__file__).resolve().parents[3]
PARTS = {"said": "Nope", "error": "ConnectionResetError", "problems": "profile/language: is no language"}
SAYING = {"Retry", "Reject", "Ambiguous", "Unreadable", "park", "pull_again", "put_off", "failed"}


def filled(own: Own) -> str:
    return own.of(**{name: PARTS.get(name, "7") for name in re.findall(r"%\((\w+)\)", own)})


@pytest.mark.parametrize("own", Own, ids=lambda own: own.name)
def test_our_own_words_are_told_in_the_readers_language(own: Own) -> None:
    kept = filled(own)
    with using("en"):
        assert in_words(kept) == kept.replace("Nope", "“Nope”"), "and nothing else is quoted"
    with using("de"):
        german = in_words(kept)
    assert german != in_words(kept) and "„" not in german.replace("„Nope“", ""), german
    assert all(part in german for name, part in PARTS.items() if f"%({name})" in own and name != "problems")


def test_what_a_record_cannot_take_is_told_field_by_field() -> None:
    problems = "profile/call_me: is longer than 80 characters; profile/language: is no language"
    with using("de"):
        told = in_words(Own.UNACCEPTABLE.of(problems=problems))
    assert told.endswith("profile/call_me: hat mehr als 80 Zeichen; profile/language: ist keine Sprache"), told


@pytest.mark.parametrize(("language", "told"), [("en", "“Ungültig: 7%s”"), ("de", "„Ungültig: 7%s“")])
def test_a_crms_words_stay_as_they_came(language: str, told: str) -> None:
    with using(language):
        assert in_words("Ungültig: 7%s") == told
        assert in_words("") == in_words(None) == ""


def test_of_a_login_that_failed_for_our_own_reason_nothing_is_quoted() -> None:
    with using("de"):
        told = in_words(Own.LOGIN_REFUSED.of(said=Own.NO_ANSWER))
    assert told == "unsere Anmeldung wird abgelehnt: keine Antwort in der vorgesehenen Zeit"


def test_a_log_gets_our_words_and_none_of_the_crms() -> None:
    assert without_theirs(Own.NO_ANSWER) == "no answer in time"
    assert without_theirs(Own.LOGIN_MAY_NOT.of(said="alice@example.com")) == "our login lacks a permission: …"
    assert "alice" not in without_theirs("alice@example.com is no address")


def test_an_error_of_our_own_side_is_named() -> None:
    assert why_failed(TimeoutError()) == Own.NO_ANSWER
    assert "ConnectionResetError" in why_failed(ConnectionResetError())


def test_nobody_says_why_in_words_that_are_not_collected() -> None:
    """A text in the call itself would be shown as if the CRM had said it."""
    loose = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for folder in ("crm", "sync", "adoption")
        for path in sorted((ROOT / "portal" / folder).rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and _name(call.func) in SAYING
        for argument in call.args
        if any(_is_text(part) for part in ast.walk(argument))
    ]
    assert loose == []


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_text(part: ast.AST) -> bool:
    """Words, and no key or separator."""
    return isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value.split()) > 1
