"""Languages, countries and time zones by name, in the person's own language, as the choices of a select."""

import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from portal.catalogue.check import is_language, time_zones
from portal.formats import zone_name
from portal.i18n import current_language, current_locale
from portal.i18n import gettext as _

OFTEN_SPOKEN = ("en", "de", "fr", "es", "it", "nl", "pl", "pt", "ro", "tr", "uk", "ru", "ar", "zh")
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "XA", "XB", "QO", "ZZ"})


def languages() -> list[SelectChoice]:
    """The languages that many speak first, then all of them by name."""
    names = _language_names(current_language())
    often = [SelectChoice(code, names[code], optgroup=_("Often spoken")) for code in OFTEN_SPOKEN if code in names]
    rest = [SelectChoice(c, n, optgroup=_("All languages")) for c, n in _by_name(names) if c not in OFTEN_SPOKEN]
    return often + rest


def countries() -> list[SelectChoice]:
    """The countries by name."""
    return [SelectChoice(code, name) for code, name in _by_name(_country_names(current_language()))]


def zones() -> list[SelectChoice]:
    """The time zones by continent or ocean, and city."""
    regions = _regions()
    found = [
        SelectChoice(key, name, optgroup=regions[key.partition("/")[0]])
        for key, name in _by_name(_zone_names(current_language()))
        if key.partition("/")[0] in regions
    ]
    return sorted(found, key=lambda choice: _sortable(choice.optgroup or ""))


def _regions() -> dict[str, str]:
    return {
        "Africa": _("Africa"),
        "America": _("America"),
        "Antarctica": _("Antarctica"),
        "Arctic": _("Arctic"),
        "Asia": _("Asia"),
        "Atlantic": _("Atlantic"),
        "Australia": _("Australia"),
        "Europe": _("Europe"),
        "Indian": _("Indian Ocean"),
        "Pacific": _("Pacific"),
    }


@cache
def _language_names(_language: str) -> dict[str, str]:
    known: Iterable[tuple[str, str]] = current_locale().languages.items()
    return {c.replace("_", "-"): name for c, name in known if "_" not in c and is_language(c)}


@cache
def _country_names(_language: str) -> dict[str, str]:
    known: Iterable[tuple[str, str]] = current_locale().territories.items()
    return {c: name for c, name in known if len(c) == 2 and c.isalpha() and c not in _NO_COUNTRIES}


@cache
def _zone_names(_language: str) -> dict[str, str]:
    return {key: zone_name(key) for key in _places()}


@cache
def _places() -> frozenset[str]:
    """The zones that people live in, each under one name: old spellings such as Asia/Calcutta are left out."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    listed = {line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")}
    return frozenset(listed) & time_zones()


def _by_name(names: dict[str, str]) -> list[tuple[str, str]]:
    return sorted(names.items(), key=lambda item: _sortable(item[1]))


def _sortable(name: str) -> str:
    """Ä beside A, as lists in our languages have it."""
    return "".join(c for c in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(c))
