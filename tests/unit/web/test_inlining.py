"""Macros that are written in the place of their call draw what they draw when they are called."""

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from portal.web.templates import Templates

SHARED = """
{% set paths = {"up": "M1", "down": "M2"} %}
{% macro icon(name) %}<i {{ paths[name] }}>{% endmacro %}
{% macro line(words, note=none) %}{% set words = words or "nothing" -%}
<p>{{ words }}{% if note %} ({{ note }}){% endif %}</p>{% endmacro %}
{% macro box(id, title="", open=false) -%}
<div id="{{ id }}">{% if open %}open{% elif title %}{{ icon("down") }}{{ title }}{% else %}shut{% endif %}</div>
{%- endmacro %}
{% macro card(id, title) %}<div id="{{ id }}">{{ icon("down") }}{{ title }}{{ caller() }}</div>{% endmacro %}
{% macro all(list) %}{% for word in list %}{{ loop.index }}{{ line(word, note=loop.first) }}{% endfor %}{% endmacro %}
"""

PAGES = {
    "a constant": ('{{ icon("up") }}', "<i M1>"),
    "what the page gives": ("{{ line(text) }}", "<p>&lt;b&gt;</p>"),
    "a value that the macro replaces": ('{{ line("") }}', "<p>nothing</p>"),
    "arguments by name": ('{{ line(note=text, words="x") }}', "<p>x (&lt;b&gt;)</p>"),
    "a branch that is known": ('{{ box("a", open=true) }}', '<div id="a">open</div>'),
    "another that is known": ('{{ box("a", "t") }}', '<div id="a"><i M2>t</div>'),
    "the last branch": ('{{ box("a") }}', '<div id="a">shut</div>'),
    "a branch that is not known": ('{{ box("a", open=many) }}', '<div id="a">open</div>'),
    "what the call encloses": ('{% call card("a", 1) %}{{ text }}{% endcall %}', '<div id="a"><i M2>1&lt;b&gt;</div>'),
    "names of the page, of the same name as the macro's": (
        '{% set id, title = 1, 2 %}{% call card("a", "t") %}{{ id }}{{ title }}{% endcall %}{{ id }}',
        '<div id="a"><i M2>t12</div>1',
    ),
    "names that are passed on": ("{% set words = text %}{{ line(words) }}{{ words }}", "<p>&lt;b&gt;</p>&lt;b&gt;"),
    "loops within loops": (
        "{% for list in [many] %}{{ all(list) }}{{ loop.index }}{% endfor %}",
        "1<p>x (True)</p>2<p>y</p>1",
    ),
    "one in itself": (
        '{% call card("a", "1") %}{% call card("b", "2") %}{{ text }}{% endcall %}{% endcall %}',
        '<div id="a"><i M2>1<div id="b"><i M2>2&lt;b&gt;</div></div>',
    ),
    "a call within an expression": ('{{ "-" ~ icon("up") }}', "-<i M1>"),
    "arguments in a list": ('{{ line(*["x", "y"]) }}', "<p>x (y)</p>"),
    "a macro that reads the page": ("{% macro own(x) %}{{ text }}{{ x }}{% endmacro %}{{ own(1) }}", "&lt;b&gt;1"),
    "a macro of another name": ('{% from "shared.html" import line as icon %}{{ icon("x") }}', "<p>x</p>"),
}  # fmt: skip


def _draw(folder: Path, body: str, *, called: bool) -> str:
    names = "icon, line, box, card, all"
    (folder / "shared.html").write_text(SHARED)
    (folder / "page.html").write_text(f'{{% from "shared.html" import {names} %}}{body}|{{% include "part2.html" %}}')
    (folder / "part2.html").write_text(f'{{% from "shared.html" import {names} %}}{body}')
    templates = Templates(folder, static_url=lambda name: name, reload=called)
    return templates.render("page.html", {"text": "<b>", "many": ["x", "y"]})


@pytest.mark.parametrize("called", [True, False], ids=["called", "written there"])
@pytest.mark.parametrize("what", PAGES)
def test_a_macro_draws(tmp_path: Path, what: str, called: bool) -> None:
    body, drawn = PAGES[what]

    assert _draw(tmp_path, body, called=called) == f"{drawn}|{drawn}"


def test_nothing_enclosed_is_still_an_error(tmp_path: Path) -> None:
    with pytest.raises(UndefinedError):
        _draw(tmp_path, '{{ card("a", 1) }}', called=False)


def test_what_a_macro_is_not_given_is_missed(tmp_path: Path) -> None:
    with pytest.raises((UndefinedError, KeyError)):
        _draw(tmp_path, "{{ icon() }}", called=False)
