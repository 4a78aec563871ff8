"""Contact windows as a week that one can see: for each weekday, which minutes are welcome and which are not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    minutes: dict[int, dict[WindowKind, list[Minutes]]] = {
        weekday: {kind: [] for kind in WindowKind} for weekday in WEEKDAYS
    }
    for window in windows:
        for weekday, span in _minutes(window):
            minutes[weekday][window.kind].append(span)
    return {weekday: _segments(of_kind) for weekday, of_kind in minutes.items()}


def by_zone(windows: Iterable[ContactWindow]) -> Mapping[str, tuple[ContactWindow, ...]]:
    """The windows of each time zone."""
    zones: dict[str, tuple[ContactWindow, ...]] = {}
    for window in windows:
        zones[window.time_zone] = (*zones.get(window.time_zone, ()), window)
    return zones


def _minutes(window: ContactWindow) -> Iterator[tuple[int, Minutes]]:
    """What a window claims of each weekday."""
    start, end = _minute(window.start), _minute(window.end)
    for weekday in window.weekdays:
        yield weekday, Span(start, end if start < end else DAY)
        if end <= start:
            yield weekday % 7 + 1, Span(0, end)


def _minute(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def _segments(minutes: Mapping[WindowKind, list[Minutes]]) -> tuple[Segment, ...]:
    unwelcome = union(minutes[WindowKind.DO_NOT])
    welcome = without(minutes[WindowKind.DO], unwelcome)
    return tuple(
        sorted(
            [Segment(*span, WindowKind.DO) for span in welcome]
            + [Segment(*span, WindowKind.DO_NOT) for span in unwelcome]
        )
    )
