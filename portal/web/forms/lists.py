"""Languages, countries and time zones by name, in the person's own language, as the choices of a select."""

import unicodedata
from collections.abc import Iterable
from functools import cache, cached_property
from importlib.resources import files

from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from portal.catalogue.check import is_language, time_zones
from portal.formats import zone_name
from portal.i18n import current_language, current_locale
from portal.i18n import gettext as _

OFTEN_SPOKEN = ("en", "de", "fr", "es", "it", "nl", "pl", "pt", "ro", "tr", "uk", "ru", "ar", "zh")
_NO_COUNTRIES = frozenset({"EU", "EZ", "UN", "XA", "XB", "QO", "ZZ"})


class Listed(tuple[SelectChoice, ...]):
    """Choices of which there are hundreds: whether something is one of them is known without going through all."""

    @cached_property
    def values(self) -> frozenset[str]:
        return frozenset(choice.value for choice in self)


def languages() -> Listed:
    """The languages that many speak first, then all of them by name."""
    return _languages(current_language())


def countries() -> Listed:
    """The countries by name."""
    return _countries(current_language())


def zones() -> Listed:
    """The time zones by continent or ocean, and city."""
    return _zones(current_language())


# Hundreds of names each, put in order once for each language that the portal speaks.


@cache
def _languages(language: str) -> Listed:
    names = _language_names(language)
    often = [SelectChoice(code, names[code], optgroup=_("Often spoken")) for code in OFTEN_SPOKEN if code in names]
    rest = [SelectChoice(c, n, optgroup=_("All languages")) for c, n in _by_name(names) if c not in OFTEN_SPOKEN]
    return Listed([*often, *rest])


@cache
def _countries(language: str) -> Listed:
    return Listed(SelectChoice(code, name) for code, name in _by_name(_country_names(language)))


@cache
def _zones(language: str) -> Listed:
    regions = _regions()
    found = [
        SelectChoice(key, name, optgroup=regions[key.partition("/")[0]])
        for key, name in _by_name(_zone_names(language))
        if key.partition("/")[0] in regions
    ]
    return Listed(sorted(found, key=lambda choice: _sortable(choice.optgroup or "")))


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


def _language_names(_language: str) -> dict[str, str]:
    known: Iterable[tuple[str, str]] = current_locale().languages.items()
    return {c.replace("_", "-"): name for c, name in known if "_" not in c and is_language(c)}


def _country_names(_language: str) -> dict[str, str]:
    known: Iterable[tuple[str, str]] = current_locale().territories.items()
    return {c: name for c, name in known if len(c) == 2 and c.isalpha() and c not in _NO_COUNTRIES}


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
