"""How values are told to a person: the filters of the templates, in the person's language, locale and time zone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from portal import clock
from portal.catalogue.told import address, status_name, system_name, told, use_name, words
from portal.formats import (
    country_name,
    format_ago,
    format_date,
    format_datetime,
    format_day_time,
    format_hours,
    format_number,
    format_time,
    format_weekdays,
    language_name,
    local,
    weekday_names,
    zone_name,
)
from portal.record.models import ContactPoint, ContactWindow

__all__ = [
    "FILTERS",
    "country_name",
    "format_ago",
    "format_date",
    "format_datetime",
    "format_day_time",
    "format_hours",
    "format_number",
    "format_time",
    "format_weekdays",
    "language_name",
    "moment",
    "told",
    "weekday_names",
    "words",
    "zone_name",
]


def moment(value: datetime, style: str = "day_time") -> Markup:
    """A `<time>` that says the moment in one of the styles (`day_time`, `date`, `time`, `seconds`, `datetime`, `exact`,
    `ago`), and the exact one, with its zone, to whoever points at it. The page's script keeps `ago` right."""
    there = local(value)
    exact = f"{format_datetime(there, seconds=True)} {there.tzname()}"
    ago = ' data-ago=""' if style == "ago" else ""
    iso, said = there.isoformat(timespec="milliseconds"), _STYLES[style](there)
    return Markup(f'<time datetime="{iso}" title="{escape(exact)}"{ago}>{escape(said)}</time>')  # noqa: S704 - escaped


def _seconds(value: datetime) -> str:
    """`12:03:07` of today; of another day, with the day."""
    today = local(value).date() == local(clock.now()).date()
    return format_time(value, seconds=True) if today else format_datetime(value, seconds=True)


_STYLES = {
    "day_time": format_day_time,
    "date": format_date,
    "time": format_time,
    "seconds": _seconds,
    "datetime": format_datetime,
    "exact": lambda value: format_datetime(value, seconds=True),
    "ago": format_ago,
}


def window_hours(window: ContactWindow) -> str:
    """`17:00–20:00` of a contact window."""
    return format_hours(window.start, window.end)


def point_address(point: ContactPoint) -> str:
    """A contact point's value, a phone number in groups."""
    return address(point.system, point.value)


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
    "weekdays": format_weekdays,
    "hours": window_hours,
    "address": point_address,
    "system_name": system_name,
    "use_name": use_name,
    "status_name": status_name,
    "told": told,
}
