"""How values are told to a person: the filters of the templates, in the person's language, locale and time zone."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from babel import Locale
from babel.dates import format_skeleton, format_timedelta, get_timezone_location
from babel.numbers import format_decimal
from markupsafe import Markup

from portal import clock
from portal.web.i18n import current_locale, current_zone, gettext


def format_date(value: date | datetime) -> str:
    """`3 Nov 2026`."""
    return _skeleton("yMMMd", _local(value) if isinstance(value, datetime) else value)


def format_time(value: datetime | time, *, seconds: bool = False) -> str:
    """`12:03`, or `12:03:07`. A moment is told in the person's zone, a time of day as it stands."""
    return (_local(value) if isinstance(value, datetime) else value).strftime("%H:%M:%S" if seconds else "%H:%M")


def format_datetime(value: datetime, *, seconds: bool = False) -> str:
    """`3 Nov 2026, 12:03`."""
    return f"{format_date(value)}, {format_time(value, seconds=seconds)}"


def format_day_time(value: datetime) -> str:
    """`today at 12:03`, `yesterday at 18:40`, else `3 Nov 2026`."""
    days = (_local(clock.now()).date() - _local(value).date()).days
    if days == 0:
        return gettext("today at %(time)s") % {"time": format_time(value)}
    if days == 1:
        return gettext("yesterday at %(time)s") % {"time": format_time(value)}
    return format_date(value)


def format_ago(value: datetime | timedelta) -> str:
    """`5 seconds ago`, `in 2 hours`."""
    delta = value if isinstance(value, timedelta) else value - clock.now()
    return format_timedelta(delta, add_direction=True, threshold=1.2, locale=current_locale())


def moment(value: datetime, style: str = "day_time") -> Markup:
    """A `<time>` that says the moment in one of the styles (`day_time`, `date`, `time`, `seconds`, `datetime`, `exact`,
    `ago`), and the exact one, with its zone, to whoever points at it. The page's script keeps `ago` right."""
    local = _local(value)
    exact = f"{format_datetime(value, seconds=True)} {local.tzname()}"
    attributes = Markup(' data-ago=""') if style == "ago" else Markup("")
    iso = local.isoformat(timespec="milliseconds")
    return Markup('<time datetime="{}" title="{}"{}>{}</time>').format(iso, exact, attributes, _STYLES[style](value))


_STYLES = {
    "day_time": format_day_time,
    "date": format_date,
    "time": format_time,
    "seconds": lambda value: format_time(value, seconds=True),
    "datetime": format_datetime,
    "exact": lambda value: format_datetime(value, seconds=True),
    "ago": format_ago,
}


def format_number(value: float) -> str:
    """`8,412,077`."""
    return format_decimal(value, locale=current_locale())


def words(value: str | Mapping[str, str]) -> str:
    """A text of the catalogue in the person's language: it gives one text, or one per language."""
    if isinstance(value, str):
        return value
    return value.get(current_locale().language) or next(iter(value.values()), "")


def language_name(code: str) -> str:
    """`German` for `de`."""
    return _named(current_locale().languages, code) or code


def country_name(code: str) -> str:
    """`Germany` for `DE`."""
    return _named(current_locale().territories, code.upper()) or code


def zone_name(key: str) -> str:
    """`London` for `Europe/London`: the place whose clock it is."""
    return get_timezone_location(key, locale=current_locale(), return_city=True) if "/" in key else key


def weekday_names(width: str = "abbreviated") -> dict[int, str]:
    """The names of the weekdays by ISO number, Monday is 1."""
    locale: Locale = current_locale()
    return {day + 1: name.rstrip(".") for day, name in locale.days["stand-alone"][width].items()}


def _named(names: Mapping[str, str], key: str) -> str | None:
    return names.get(key) or names.get(key.replace("-", "_"))


def _skeleton(skeleton: str, value: date | datetime) -> str:
    return format_skeleton(skeleton, value, locale=current_locale())


def _local(value: datetime) -> datetime:
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(current_zone())


FILTERS: Mapping[str, Any] = {
    "date": format_date,
    "time": format_time,
    "datetime": format_datetime,
    "day_time": format_day_time,
    "ago": format_ago,
    "moment": moment,
    "number": format_number,
    "words": words,
    "language_name": language_name,
    "country_name": country_name,
    "zone_name": zone_name,
}
