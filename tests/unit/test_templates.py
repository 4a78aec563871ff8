"""The environment of the templates, and rules that hold for every template there is."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from portal import i18n
from portal.paths import resource
from portal.web.formats import moment
from portal.web.templates import Templates, field_attributes, partial

ROOT = resource("templates")
TEMPLATES = sorted(path.relative_to(ROOT).as_posix() for form in ("html", "txt") for path in ROOT.rglob(f"*.{form}"))
PAGES = [name for name in TEMPLATES if not name.startswith("mail/")]
"""A letter is no page: no browser of ours shows it, and it carries its looks along."""


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    (tmp_path / "page.html").write_text(
        "{% extends 'frame.html' %}"
        "{% block main %}<h1>{{ name }}</h1>{% block part %}<p>{{ name }}</p>{% endblock %}{% endblock %}"
    )
    (tmp_path / "frame.html").write_text("<!doctype html>{% block main %}{% endblock %}{{ static('css/portal.css') }}")
    return Templates(tmp_path, static_url=lambda name: f"/static/{name}")


def test_a_page_comes_whole(templates: Templates) -> None:
    assert templates.render("page.html", {"name": "Alice"}) == (
        "<!doctype html><h1>Alice</h1><p>Alice</p>/static/css/portal.css"
    )


def test_a_block_comes_alone(templates: Templates) -> None:
    assert templates.render_block("page.html", "part", {"name": "Alice"}) == "<p>Alice</p>"


@pytest.mark.asvs("1.2.1", "3.2.2")
def test_what_people_typed_is_text_and_never_markup(templates: Templates) -> None:
    assert templates.render_block("page.html", "part", {"name": "<b>&"}) == "<p>&lt;b&gt;&amp;</p>"


def test_what_is_missing_is_an_error_and_not_an_empty_place(templates: Templates) -> None:
    with pytest.raises(UndefinedError):
        templates.render("page.html", {})


def test_a_piece_for_elsewhere_names_its_place() -> None:
    piece = partial("lead", "<p>Hello</p>")

    assert piece == '<hx-partial hx-target="#lead" hx-swap="outerMorph"><p>Hello</p></hx-partial>'


def test_a_moment_is_told_in_the_persons_zone_and_exactly_to_who_asks() -> None:
    with i18n.using("en", "Europe/Berlin"):
        told = moment(datetime(2026, 11, 3, 12, 3, 7, tzinfo=UTC), "exact")

    assert told == (
        '<time datetime="2026-11-03T13:03:07.000+01:00" title="3 Nov 2026, 13:03:07 CET">3 Nov 2026, 13:03:07</time>'
    )


class NameForm(Form):
    name = StringField("First name", [InputRequired("Enter your first name.")])


def test_a_field_is_tied_to_its_help_and_its_error() -> None:
    form = NameForm(data={})
    form.validate()

    assert field_attributes(form.name, "As on your bill.", autofocus=True) == {
        "aria-describedby": "name-help name-error",
        "aria-invalid": "true",
        "data-missing": "Fill this in.",
    }


def test_a_field_without_fault_may_take_the_focus() -> None:
    assert field_attributes(NameForm().name, autofocus=True) == {"data-missing": "Fill this in.", "autofocus": ""}


# Every template


def test_every_template_compiles() -> None:
    templates = Templates(ROOT, static_url=lambda name: name)

    assert templates.check() == TEMPLATES


@pytest.mark.asvs("1.2.1")
@pytest.mark.parametrize("name", PAGES)
def test_a_template_has_nothing_that_the_content_security_policy_forbids(name: str) -> None:
    source = _without_comments(name)

    assert not re.search(r"\sstyle=", source), "a style attribute"
    assert not re.search(r"<style", source), "inline style"
    assert not re.search(r"\son\w+=|hx-on", source), "an inline event handler"
    assert not re.search(r"""["']\s*(?:js|javascript):""", source), "a script in an attribute"
    assert not re.search(r"hx-trigger=\"[^\"]*\[", source), "a trigger filter, which htmx evaluates"
    assert all("src=" in script and "nonce=" in script for script in re.findall(r"<script[^>]*>", source))


@pytest.mark.parametrize("name", PAGES)
def test_what_htmx_does_also_works_without_it(name: str) -> None:
    for tag in re.findall(r"<(?:a|form|button)\s(?:[^<>{}]|{{.*?}}|{%.*?%})*>", _without_comments(name), re.DOTALL):
        if re.search(r"hx-(?:get|post)=", tag):
            assert re.search(r"\s(?:href|action)=", tag), tag


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_word_can_be_translated(name: str) -> None:
    words = [text for text in _plain_text(_without_comments(name)) if text not in _UNTRANSLATED]

    assert words == []


_UNTRANSLATED = {"CSV", "JSON", "English", "Deutsch"}
"""Names of formats, and languages in their own words."""


def _without_comments(name: str) -> str:
    return re.sub(r"{#.*?#}", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL)


def _plain_text(source: str) -> Iterator[str]:
    """What stands between the tags, and in attributes that are read out, without the template's own language."""
    bare = re.sub(r"{{.*?}}|{%.*?%}", "\0", source, flags=re.DOTALL)
    spoken = re.findall(r"\s(?:alt|title|placeholder|aria-label|data-label)=\"([^\"]*)\"", bare)
    for text in [*re.sub(r"<[^>]*>", "\0", bare).split("\0"), *spoken]:
        text = re.sub(r"&\w+;", "", text).strip()
        if re.search(r"[^\W\d_]", text):
            yield text
