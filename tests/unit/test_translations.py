"""Every text of the interface is there in every language, and says the same with the same placeholders."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, check_and_call_extract_file
from babel.messages.pofile import read_po

from portal import i18n

ROOT = Path(__file__).resolve().parents[2]
TRANSLATED = i18n.LANGUAGES[1:]
PLACEHOLDER = re.compile(r"%\(\w+\)\w|\{\w*\}|%[^(\w]|</?\w+>")
"""What a text may not lose on its way into another language: what is put into it, and markup."""

pytestmark = pytest.mark.parametrize("language", TRANSLATED)


@cache
def catalogue(language: str) -> Catalog:
    with (ROOT / "portal/locale" / language / "LC_MESSAGES/portal.po").open("rb") as readable:
        return read_po(readable, locale=language)


@cache
def sources() -> Catalog:
    """What `make translations` collects, from the same mappings."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    options = {
        mapping["pattern"]: {name: value for name, value in mapping.items() if name not in ("pattern", "method")}
        for mapping in mappings
    }
    found = Catalog()
    for folder in ("portal", "templates"):
        for path in sorted((ROOT / folder).rglob("*.*")):
            for _file, _line, text, _comments, context in check_and_call_extract_file(
                path, methods, options, None, DEFAULT_KEYWORDS, (), False, dirpath=ROOT
            ):
                found.add(text, context=context)
    return found


def ids(messages: Catalog) -> set[tuple[str | None, str | tuple[str, ...]]]:
    return {(message.context, forms(message.id)) for message in messages if message.id}


def forms(texts: str | list[str] | tuple[str, ...]) -> str | tuple[str, ...]:
    return texts if isinstance(texts, str) else tuple(texts)


def told(language: str) -> Iterator[tuple[Message, tuple[str, ...], tuple[str, ...]]]:
    """Each message with its source's forms and those of its translation."""
    for message in catalogue(language):
        if message.id:
            source, translation = forms(message.id), forms(message.string or "")
            yield (
                message,
                (source,) if isinstance(source, str) else source,
                (translation,) if isinstance(translation, str) else translation,
            )


def test_what_the_code_and_the_templates_say_is_what_was_collected(language: str) -> None:
    assert ids(sources()) == ids(catalogue(language)), "make translations, then translate what is new"


def test_every_text_is_translated(language: str) -> None:
    assert [source for _message, source, translation in told(language) if not all(map(str.strip, translation))] == []


def test_nothing_is_a_guess_or_left_over(language: str) -> None:
    assert [message.id for message in catalogue(language) if message.id and message.fuzzy] == []
    assert list(catalogue(language).obsolete) == []


def test_plurals_have_all_their_forms(language: str) -> None:
    needed = catalogue(language).num_plurals

    for _message, source, translation in told(language):
        assert len(translation) == (needed if len(source) > 1 else 1), source


def test_what_is_put_into_a_text_stays_the_same(language: str) -> None:
    for message, source, translation in told(language):
        wanted = {frozenset(PLACEHOLDER.findall(text)) for text in source}
        assert {frozenset(PLACEHOLDER.findall(text)) for text in translation} <= wanted, source
        assert message.check(catalogue(language)) == [], source


def test_quotation_marks_and_margins_are_set_with_care(language: str) -> None:
    for _message, source, translation in told(language):
        for text in translation:
            assert text == text.strip(), source
            assert not re.search(r"\"|'|“.*”|\.\.\.", text), source
