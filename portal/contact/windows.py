"""Contact windows on the time line.

A window is wall-clock time in a zone of its own, so one rule decides, also on the days when clocks change: a moment
lies in a window if the clock on the wall there, at that moment, shows a time of the window on a day of the window.
What a clock skips in spring is in no window; what it shows twice in autumn is in the window twice.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from portal.catalogue.model import Channel
from portal.contact.spans import Span, union, without
from portal.record.models import ContactWindow, WindowKind

Moments = Span[datetime]

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


@lru_cache(maxsize=1024)
def known_zone(name: str) -> ZoneInfo | None:
    """The IANA time zone of this name; None where the time zone database has no such name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def applies(window: ContactWindow, channel: Channel) -> bool:
    """A window that names a channel is about that one; a window that names none is about those that interrupt."""
    return window.channel == channel.key or (window.channel is None and channel.immediate)


def contains(window: ContactWindow, moment: datetime) -> bool:
    """Whether the moment lies in the window.

    Where the window's zone is not known nobody can tell, and the answer is the one that does not disturb: a moment is
    in no such window of kind DO, and in every one of kind DO_NOT.
    """
    zone = known_zone(window.time_zone)
    if zone is None:
        return window.kind is WindowKind.DO_NOT
    wall = moment.astimezone(zone)
    starts_today = wall.isoweekday() in window.weekdays
    if window.start < window.end:
        return starts_today and window.start <= wall.time() < window.end
    started_yesterday = (wall - _DAY).isoweekday() in window.weekdays
    return (starts_today and window.start <= wall.time()) or (started_yesterday and wall.time() < window.end)


def open_hours(windows: Sequence[ContactWindow], within: Moments) -> list[Moments]:
    """The moments that some windows leave open: those in a DO window, or all where there is none, but for DO_NOT."""
    welcome = [window for window in windows if window.kind is WindowKind.DO]
    unwelcome = [window for window in windows if window.kind is WindowKind.DO_NOT]
    hours = [span for window in welcome for span in occurrences(window, within)] if welcome else [within]
    return without(hours, [span for window in unwelcome for span in occurrences(window, within)])


def occurrences(window: ContactWindow, within: Moments) -> Sequence[Moments]:
    """All moments that the window contains, in UTC; the rule of `contains`, computed and not tried out."""
    zone = known_zone(window.time_zone)
    if zone is None:
        return (within,) if window.kind is WindowKind.DO_NOT else ()
    return _moments(zone, within, window.start, window.end, window.weekdays)


@lru_cache(maxsize=1024)
def local_day(zone: ZoneInfo, day: date) -> tuple[Moments, ...]:
    """A calendar day in a zone; in several parts where clocks go back over midnight."""
    noon = datetime.combine(day, time(12), UTC)
    return tuple(_moments(zone, Span(noon - 2 * _DAY, noon + 2 * _DAY), time(), time(), (day.isoweekday(),)))


def _moments(zone: ZoneInfo, within: Moments, start: time, end: time, weekdays: Sequence[int]) -> list[Moments]:
    """When the clock of a zone shows a time from `start` to `end`, begun on one of the weekdays.

    Between two changes of its clock a zone is a fixed distance from UTC, and the sum is simple: so each such stretch
    is taken by itself.
    """
    days_long = 1 if end <= start else 0
    return union(
        Span(
            max(stretch.start, datetime.combine(day, start, UTC) - offset),
            min(stretch.end, datetime.combine(day + days_long * _DAY, end, UTC) - offset),
        )
        for stretch, offset in _steady(zone, within)
        for day in _dates(stretch.start + offset - days_long * _DAY, stretch.end + offset)
        if day.isoweekday() in weekdays
    )


def _dates(first: datetime, last: datetime) -> Iterator[date]:
    return (first.date() + n * _DAY for n in range((last.date() - first.date()).days + 1))


def _steady(zone: ZoneInfo, within: Moments) -> Iterator[tuple[Moments, timedelta]]:
    """The stretches between changes of a zone's clock, each with its distance from UTC."""
    start = within.start
    while start < within.end:
        end = _next_change(zone, start, within.end)
        yield Span(start, end), _offset(zone, start)
        start = end


def _next_change(zone: ZoneInfo, start: datetime, limit: datetime) -> datetime:
    """The moment, before `limit` or else that, at which the zone's distance from UTC changes.

    Looking once a day is enough: no zone has changed its clock twice within a week since 1975. Clocks change at whole
    seconds.
    """
    offset = _offset(zone, start)
    before = start
    while before < limit:
        after = min(before + _DAY, limit)
        if _offset(zone, after) != offset:
            return _bisect(zone, before.replace(microsecond=0), after)
        before = after
    return limit


def _bisect(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    offset = _offset(zone, before)
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2 or 1)
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return before + _SECOND


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
