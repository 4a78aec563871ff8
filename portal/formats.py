"""How dates, times, places and languages are told to a person, in their language, locale and time zone."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from babel import Locale
from babel.dates import format_skeleton, format_timedelta, get_timezone_location
from babel.numbers import format_decimal

from portal import clock
from portal.i18n import current_language, current_locale, current_zone, gettext


def format_date(value: date | datetime) -> str:
    """`3 Nov 2026`."""
    return _date(local(value).date() if isinstance(value, datetime) else value, current_language())


def format_time(value: datetime | time, *, seconds: bool = False) -> str:
    """`12:03`, or `12:03:07`. A moment is told in the person's zone, a time of day as it stands."""
    told = local(value).time() if isinstance(value, datetime) else value
    return told.isoformat("seconds" if seconds else "minutes")  # strftime makes a whole date of it first


def format_datetime(value: datetime, *, seconds: bool = False) -> str:
    """`3 Nov 2026, 12:03`."""
    return f"{format_date(value)}, {format_time(value, seconds=seconds)}"


def format_day_time(value: datetime) -> str:
    """`today at 12:03`, `yesterday at 18:40`, else `3 Nov 2026`."""
    days = (local(clock.now()).date() - local(value).date()).days
    if days == 0:
        return gettext("today at %(time)s") % {"time": format_time(value)}
    if days == 1:
        return gettext("yesterday at %(time)s") % {"time": format_time(value)}
    return format_date(value)


def format_ago(value: datetime | timedelta) -> str:
    """`5 seconds ago`, `in 2 hours`."""
    delta = value if isinstance(value, timedelta) else value - clock.now()
    return format_timedelta(delta, add_direction=True, threshold=1.2, locale=current_locale())


def local(value: datetime) -> datetime:
    """The moment on the person's clock."""
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(current_zone())


def format_number(value: float) -> str:
    """`8,412,077`."""
    return format_decimal(value, locale=current_locale())


_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def harmless_cell(cell: object) -> object:
    """A cell of a CSV file: a spreadsheet would run text that begins like a formula, also after white space (OWASP,
    CSV injection)."""
    return "'" + cell if isinstance(cell, str) and cell.lstrip().startswith(_FORMULA) else cell


def language_name(code: str) -> str:
    """`German` for `de`."""
    return _named(current_locale().languages, code) or code


def country_name(code: str) -> str:
    """`Germany` for `DE`."""
    return _named(current_locale().territories, code.upper()) or code


def zone_name(key: str) -> str:
    """`London` for `Europe/London`: the place whose clock it is. What is no zone that we know stands as it is."""
    return _place(key, current_language()) if "/" in key else key


def weekday_names(width: str = "abbreviated") -> Mapping[int, str]:
    """The names of the weekdays by ISO number, Monday is 1."""
    return _weekdays(width, current_language())


def format_weekdays(days: Sequence[int]) -> str:
    """`Mon-Fri, Sun` for the ISO weekdays 1, 2, 3, 4, 5 and 7; `every day` for all of them."""
    if len(days) == 7:
        return gettext("every day")
    names = weekday_names()
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(_run([names[day] for day in run]) for run in runs)


def format_hours(start: time, end: time) -> str:
    """`17:00–20:00` of a contact window, `all day`, or `22:00–06:00, into the next day`."""
    if start == end == time():
        return gettext("all day")
    hours = f"{format_time(start)}–{format_time(end)}"
    return hours if start < end or end == time() else gettext("%(hours)s, into the next day") % {"hours": hours}


def _run(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) < 3 else f"{names[0]}–{names[-1]}"


def _named(names: Mapping[str, str], key: str) -> str | None:
    return names.get(key) or names.get(key.replace("-", "_"))


# A page tells the same few days and places again and again, for which Babel searches the locale's data each time.


@lru_cache(maxsize=4_096)
def _date(value: date, _language: str) -> str:
    return format_skeleton("yMMMd", value, locale=current_locale())


@lru_cache
def _weekdays(width: str, _language: str) -> Mapping[int, str]:
    locale: Locale = current_locale()
    return {day + 1: name.rstrip(".") for day, name in locale.days["stand-alone"][width].items()}


@lru_cache(maxsize=2_048)
def _place(zone: str, _language: str) -> str:
    try:
        return get_timezone_location(zone, locale=current_locale(), return_city=True)
    except LookupError:
        return zone
