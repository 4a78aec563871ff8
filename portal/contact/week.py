"""Contact windows as a week that one can see: for each weekday, which minutes are welcome and which are not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import time
from typing import NamedTuple

from portal.contact.spans import Span, union, without
from portal.record.models import ContactWindow, WindowKind

Minutes = Span[int]

DAY = 24 * 60
WEEKDAYS = range(1, 8)


class Segment(NamedTuple):
    """A bar of the plot: minutes of the day, from `start` up to `end` (at most 1440)."""

    start: int
    end: int
    kind: WindowKind


def week(windows: Sequence[ContactWindow]) -> Mapping[int, tuple[Segment, ...]]:
    """The bars of each ISO weekday, in order and without overlap: where both kinds claim a minute, DO_NOT has it.

    A window over midnight is two bars. All times are wall-clock times of the windows' own zone: windows of different
    zones belong on plots of their own (`by_zone`).
    """
    return {weekday: _segments(windows, weekday) for weekday in WEEKDAYS}


def by_zone(windows: Iterable[ContactWindow]) -> Mapping[str, tuple[ContactWindow, ...]]:
    """The windows of each time zone."""
    zones: dict[str, tuple[ContactWindow, ...]] = {}
    for window in windows:
        zones[window.time_zone] = (*zones.get(window.time_zone, ()), window)
    return zones


def _segments(windows: Iterable[ContactWindow], weekday: int) -> tuple[Segment, ...]:
    minutes: dict[WindowKind, list[Minutes]] = {kind: [] for kind in WindowKind}
    for window in windows:
        minutes[window.kind] += _minutes(window, weekday)
    unwelcome = union(minutes[WindowKind.DO_NOT])
    welcome = without(minutes[WindowKind.DO], unwelcome)
    return tuple(
        sorted(
            [Segment(*span, WindowKind.DO) for span in welcome]
            + [Segment(*span, WindowKind.DO_NOT) for span in unwelcome]
        )
    )


def _minutes(window: ContactWindow, weekday: int) -> list[Minutes]:
    start, end = _minute(window.start), _minute(window.end)
    evening = Span(start, end if start < end else DAY)
    morning = Span(0, end if end <= start else 0)
    yesterday = (weekday - 2) % 7 + 1
    return union(
        ([evening] if weekday in window.weekdays else []) + ([morning] if yesterday in window.weekdays else [])
    )


def _minute(wall: time) -> int:
    return wall.hour * 60 + wall.minute
