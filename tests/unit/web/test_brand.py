"""A company's own look: what can be used, and what is refused before the start."""

from pathlib import Path

import pytest

from portal.paths import resource
from portal.settings import Settings, SettingsError
from portal.web.brand import brand, overrides
from portal.web.static import StaticFiles


def settings(**values: object) -> Settings:
    return Settings(_env_file=None, environment="development", brand_name="Northwind Energy", **values)  # type: ignore[arg-type]


def look(chosen: Settings) -> tuple[str, str | None]:
    found = brand(chosen, StaticFiles(resource("static"), overrides=overrides(chosen)))
    return found.name, found.logo


def test_without_files_of_its_own_a_company_has_the_portals_look() -> None:
    assert look(settings()) == ("Northwind Energy", None)


def test_a_logo_is_served_like_any_other_file(tmp_path: Path) -> None:
    (tmp_path / "northwind.SVG").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')

    _, logo = look(settings(brand_logo=tmp_path / "northwind.SVG"))

    assert logo is not None and logo.startswith("/static/img/company.") and logo.endswith(".svg")


def test_colours_that_nobody_can_read_stop_the_start(tmp_path: Path) -> None:
    pale = (resource("static") / "css/brand.css").read_text().replace("#1b2430", "#bbbbbb")
    (tmp_path / "pale.css").write_text(pale)

    with pytest.raises(SettingsError, match=r"BRAND_TOKENS: .*pale\.css: --ink on --paper in light"):
        look(settings(brand_tokens=tmp_path / "pale.css"))


@pytest.mark.parametrize(("name", "why"), [("missing.css", "is no file"), ("tokens.txt", "must end with .css")])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        look(settings(brand_tokens=tmp_path / name))
