"""A person's contact windows as weeks that one can see or have read out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.catalogue.model import Catalogue
from portal.catalogue.told import words
from portal.contact.week import Segment, week
from portal.contact.window_words import occasion_words
from portal.contact.windows import applies, known_zone
from portal.contact.words import listed
from portal.i18n import gettext
from portal.record.models import ContactWindow, WindowKind


@dataclass(frozen=True, slots=True)
class Plot:
    """A week of the windows that share channel and zone.

    Attributes:
        title: what the windows are about.
        summary: the same as the picture, in words.
        zone: the name of the time zone that the times are told in.
        days: the bars of each ISO weekday.
        today, now: the ISO weekday and the minute of the day there at this moment; None where the zone is not known.
    """

    title: str
    summary: str
    zone: str
    days: Mapping[int, tuple[Segment, ...]]
    today: int | None
    now: int | None


def plots(windows: Sequence[ContactWindow], now: datetime, *, catalogue: Catalogue) -> tuple[Plot, ...]:
    """A plot for each channel and zone that some windows apply to; channels with the same windows share one."""
    shared: dict[tuple[str, tuple[ContactWindow, ...]], list[str]] = {}
    for channel in catalogue.channels.values():
        for zone in sorted({window.time_zone for window in windows}):
            fitting = tuple(w for w in windows if w.time_zone == zone and applies(w, channel))
            if fitting:
                shared.setdefault((zone, fitting), []).append(channel.key)
    return tuple(_plot(keys, zone, fitting, now, catalogue) for (zone, fitting), keys in shared.items())


def _plot(
    channels: Sequence[str], zone: str, windows: tuple[ContactWindow, ...], now: datetime, catalogue: Catalogue
) -> Plot:
    known = known_zone(zone)
    wall = now.astimezone(known) if known else None
    return Plot(
        title=_title(channels, catalogue),
        summary=summary(windows),
        zone=zone,
        days=week(windows),
        today=wall.isoweekday() if wall else None,
        now=wall.hour * 60 + wall.minute if wall else None,
    )


def summary(windows: Sequence[ContactWindow]) -> str:
    """`Welcome: weekdays 17:00–20:00 and Saturdays 10:00–13:00. Not welcome: Sundays.`"""
    welcome = [occasion_words(window) for window in windows if window.kind is WindowKind.DO]
    unwelcome = [occasion_words(window) for window in windows if window.kind is WindowKind.DO_NOT]
    sentences = []
    if welcome:
        sentences.append(gettext("Welcome: %(windows)s.") % {"windows": listed(welcome)})
    if unwelcome:
        sentences.append(gettext("Not welcome: %(windows)s.") % {"windows": listed(unwelcome)})
    return " ".join(sentences)


def _title(channels: Sequence[str], catalogue: Catalogue) -> str:
    match channels:
        case ["phone", "text"]:
            return gettext("When to call or text")
        case ["phone"]:
            return gettext("When to call")
        case ["text"]:
            return gettext("When to text")
        case ["email"]:
            return gettext("When to write e-mail")
        case ["letter"]:
            return gettext("When to write letters")
    return listed([words(catalogue.channels[channel].labels) for channel in channels])
