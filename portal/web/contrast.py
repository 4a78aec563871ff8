"""Whether text can be read on its ground: checked for a company's own colours before the first visitor sees them."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

AA = 4.5
"""WCAG 2.2, 1.4.3: body text against its ground."""

AA_PARTS = 3.0
"""WCAG 2.2, 1.4.11: the borders of controls, and pictures that say something."""

READ = (
    ("ink", "paper"), ("ink", "card"), ("ink", "brand-soft"), ("ink-soft", "paper"), ("ink-soft", "card"),
    ("ink-soft", "brand-soft"), ("brand", "paper"), ("brand", "card"), ("brand", "brand-soft"), ("on-brand", "brand"),
)  # fmt: skip
"""The tokens of a company that stand on each other as text on ground."""

SEEN = (
    ("line-strong", "paper"),
    ("line-strong", "card"),
    ("focus", "paper"),
    ("focus", "card"),
    ("focus", "brand-soft"),
)
"""Those that must be seen, though nobody reads them."""

_PAIR = re.compile(
    r"--(?P<name>[\w-]+):\s*light-dark\(\s*(?P<light>#[0-9a-fA-F]{6})\s*,\s*(?P<dark>#[0-9a-fA-F]{6})\s*\)"
)

Themes: TypeAlias = dict[str, tuple[str, str]]
"""Colours by token: the light one and the dark one."""


def tokens(css: str) -> Themes:
    """The colours that a style sheet gives as `--name: light-dark(#rrggbb, #rrggbb)`."""
    return {match["name"]: (match["light"], match["dark"]) for match in _PAIR.finditer(css)}


def problems(css: str) -> list[str]:
    """What cannot be read or seen well enough with these brand tokens, one sentence each; empty if all is well."""
    known = tokens(css)
    needed = {name for pair in (*READ, *SEEN) for name in pair}
    if missing := sorted(needed - known.keys()):
        return [f"--{name} is missing: give it as light-dark(#rrggbb, #rrggbb)" for name in missing]
    return [*_too_weak(known, READ, AA), *_too_weak(known, SEEN, AA_PARTS)]


def ratio(one: str, other: str) -> float:
    """The contrast of two colours #rrggbb, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """How bright a colour #rrggbb is, from 0 to 1 (WCAG 2.2, relative luminance)."""
    red, green, blue = (_linear(int(colour[a:b], 16) / 255) for a, b in pairwise((1, 3, 5, 7)))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _too_weak(known: Themes, pairs: tuple[tuple[str, str], ...], least: float) -> Iterator[str]:
    for front, ground in pairs:
        for theme, a, b in zip(("light", "dark"), known[front], known[ground], strict=True):
            if (found := ratio(a, b)) < least:
                yield f"--{front} on --{ground} in {theme}: {found:.2f} to 1, and {least} to 1 is needed"
