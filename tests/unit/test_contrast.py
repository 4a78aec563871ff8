"""Text can be read on its ground, in light and in dark, with our colours and with a company's own."""

import pytest

from portal.paths import resource
from portal.web import contrast

CSS = resource("static") / "css"
BRAND = (CSS / "brand.css").read_text()
ALL = contrast.tokens(BRAND) | contrast.tokens((CSS / "portal.css").read_text())

STATES = [(state, ground) for state in ("yes", "wait", "no") for ground in (f"{state}-soft", "card", "paper")]
ON_STATES = [("ink", f"{state}-soft") for state in ("yes", "wait", "no")]


def test_the_measure_is_that_of_wcag() -> None:
    assert contrast.ratio("#000000", "#ffffff") == pytest.approx(21)
    assert contrast.ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "ground"), [*contrast.READ, *STATES, *ON_STATES])
def test_text_can_be_read(front: str, ground: str, theme: int) -> None:
    assert contrast.ratio(ALL[front][theme], ALL[ground][theme]) >= contrast.AA


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("front", ["ink", "ink-soft", "brand"])
def test_text_can_be_read_in_a_well(front: str, theme: int) -> None:
    # Wells are mixed from card and line (portal.css, --well); every mixture lies between the two.
    for ground in ("card", "line"):
        assert contrast.ratio(ALL[front][theme], ALL[ground][theme]) >= contrast.AA


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "ground"), contrast.SEEN)
def test_controls_and_focus_can_be_seen(front: str, ground: str, theme: int) -> None:
    assert contrast.ratio(ALL[front][theme], ALL[ground][theme]) >= contrast.AA_PARTS


def test_our_own_brand_has_no_problems() -> None:
    assert contrast.problems(BRAND) == []


def test_a_company_is_told_which_colours_cannot_be_read() -> None:
    pale = BRAND.replace(f"--brand: light-dark({ALL['brand'][0]}", "--brand: light-dark(#9adfd6")

    assert "--on-brand on --brand in light: 1.51 to 1, and 4.5 to 1 is needed" in contrast.problems(pale)


def test_a_company_is_told_what_is_missing() -> None:
    assert contrast.problems(BRAND.replace("--ink:", "--inc:")) == [
        "--ink is missing: give it as light-dark(#rrggbb, #rrggbb)"
    ]
