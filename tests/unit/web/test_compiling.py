"""Templates as code: what is worked out once says the same as what is worked out for each page."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateAssertionError
from markupsafe import Markup

from portal import i18n
from portal.web.templates import Templates


class Colour(StrEnum):
    RED = "<red>"


def _drawn(folder: Path, source: str, *, reload: bool = False, language: str = "en", **context: Any) -> str:
    (folder / "page.html").write_text(source, encoding="utf-8")
    globals: Mapping[str, Any] = {"url": _url, "brand": {"name": "Fish & Co"}, "demo_mailbox": False}
    templates = Templates(folder, static_url=lambda name: f"/static/{name}", globals=globals, reload=reload)
    with i18n.using(language):
        return templates.render("page.html", context)


def _url(name: str, **params: object) -> str:
    return {"record": "/record", "note": "/notes/{id}"}[name].format(**params)


@pytest.mark.parametrize(("language", "said"), [("en", "Save"), ("de", "Speichern")])
def test_a_text_is_in_the_readers_language(tmp_path: Path, language: str, said: str) -> None:
    assert _drawn(tmp_path, "{{ _('Save') }}", language=language) == said


def test_what_stands_in_a_text_is_escaped(tmp_path: Path) -> None:
    source = "{{ _('customer %(number)s', number=number) }}"

    assert _drawn(tmp_path, source, number="<7>") == "customer &lt;7&gt;"
    assert _drawn(tmp_path, source, number=Markup("<b>7</b>")) == "customer <b>7</b>"


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        ("plain", "plain"),
        ("""<&>"'""", "&lt;&amp;&gt;&#34;&#39;"),
        (Markup("<b>"), "<b>"),
        (7, "7"),
        (None, "None"),
        (True, "True"),
        (Colour.RED, "&lt;red&gt;"),
    ],
    ids=str,
)
def test_a_value_is_drawn_as_text(tmp_path: Path, value: object, drawn: str) -> None:
    assert _drawn(tmp_path, "{{ value }}", value=value) == drawn


def test_addresses_and_what_never_changes(tmp_path: Path) -> None:
    source = "{{ url('record') }} {{ url('note', id=id) }} {{ static('a.css') }} {{ brand.name }} {{ language() }}"

    assert _drawn(tmp_path, source, id=4) == "/record /notes/4 /static/a.css Fish &amp; Co en"


def test_an_address_that_is_not_served_here_matters_only_where_it_is_asked_for(tmp_path: Path) -> None:
    source = "{% if demo_mailbox %}{{ url('mailbox') }}{% else %}none{% endif %}"

    assert _drawn(tmp_path, source) == "none"


def test_a_name_that_is_everybodys_cannot_be_anything_else(tmp_path: Path) -> None:
    with pytest.raises(TemplateAssertionError, match="url"):
        _drawn(tmp_path, "{% set url = 1 %}")


@pytest.mark.parametrize("reload", [False, True], ids=["in place", "by itself"])
def test_what_is_included_sees_what_is_around_it_and_leaves_nothing_behind(tmp_path: Path, reload: bool) -> None:
    (tmp_path / "part.html").write_text("{% set seen = word ~ each %}{{ seen }}{{ who|default('-') }} ")
    source = (
        "{% set word = 'w' %}{% macro box() %}[{{ caller() }}]{% endmacro %}"
        "{% for each in (1, 2) %}{% include 'part.html' %}{% endfor %}{{ seen|default('nothing') }}"
        "{% call box() %}{% set each = 3 %}{% include 'part.html' %}{% endcall %}"
    )

    assert _drawn(tmp_path, source, reload=reload, who="x") == "w1x w2x nothing[w3x ]"


def test_a_template_may_include_itself(tmp_path: Path) -> None:
    source = "{{ n }}{% if n %}{% with n = n - 1 %}{% include 'page.html' %}{% endwith %}{% endif %}"

    assert _drawn(tmp_path, source, n=3) == "3210"
