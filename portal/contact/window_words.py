"""Contact windows in words, in the language of the person who reads them."""

from collections.abc import Sequence
from itertools import groupby

from portal.contact.words import MIDNIGHT, listed
from portal.formats import format_time
from portal.i18n import N_, gettext
from portal.record.models import ContactWindow, WindowKind


def window_words(window: ContactWindow) -> str:
    """`weekdays 17:00–20:00`, `never on Sundays`, `not on Sundays 10:00–12:00`."""
    words = occasion_words(window)
    if window.kind is WindowKind.DO:
        return words
    every_day = len(window.weekdays) == 7
    if window.start == window.end == MIDNIGHT:
        return gettext("never") if every_day else gettext("never on %(days)s") % {"days": words}
    if every_day:
        return gettext("never %(hours)s") % {"hours": _window_hours(window)}
    return gettext("not on %(days_and_hours)s") % {"days_and_hours": words}


def occasion_words(window: ContactWindow) -> str:
    """When a window is, whatever its kind: `weekdays 17:00–20:00`, `Sundays`."""
    days = weekdays_words(window.weekdays)
    if window.start == window.end == MIDNIGHT:
        return days
    return gettext("%(days)s %(hours)s") % {"days": days, "hours": _window_hours(window)}


def weekdays_words(weekdays: Sequence[int]) -> str:
    """`weekdays`, `Saturdays`, `Mondays to Thursdays`, `Mondays, Wednesdays and Fridays` for ISO weekdays."""
    match tuple(sorted(weekdays)):
        case (1, 2, 3, 4, 5, 6, 7):
            return gettext("every day")
        case (1, 2, 3, 4, 5):
            return gettext("weekdays")
        case (6, 7):
            return gettext("weekends")
        case days:
            return listed(_run_words([day for _, day in run]) for _, run in groupby(enumerate(days), _distance))


def _run_words(days: Sequence[int]) -> str:
    names = [_day_plural(day) for day in days]
    if len(days) < 3:
        return listed(names)
    return gettext("%(first)s to %(last)s") % {"first": names[0], "last": names[-1]}


def _distance(numbered: tuple[int, int]) -> int:
    """Equal for days that follow on one another."""
    position, day = numbered
    return day - position


def _day_plural(weekday: int) -> str:
    return gettext(_PLURALS[weekday - 1])


_PLURALS = (
    N_("Mondays"),
    N_("Tuesdays"),
    N_("Wednesdays"),
    N_("Thursdays"),
    N_("Fridays"),
    N_("Saturdays"),
    N_("Sundays"),
)


def _window_hours(window: ContactWindow) -> str:
    return gettext("%(start)s–%(end)s") % {"start": format_time(window.start), "end": format_time(window.end)}
