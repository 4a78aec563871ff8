"""A slow, obvious `may_contact`: it looks at one minute after the other, and knows nothing of intervals."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from portal.catalogue.model import Catalogue
from portal.record.models import ConsentStatus, ContactWindow, Record, WindowKind

MINUTE = timedelta(minutes=1)


def allowed(record: Record, channel: str, purpose: str, moment: datetime, catalogue: Catalogue) -> bool:
    """The rule of the design, sentence by sentence."""
    return (
        consented(record, channel, purpose, moment, catalogue)
        and reachable(record, channel, catalogue)
        and timely(record, channel, moment, catalogue)
    )


def consented(record: Record, channel: str, purpose: str, moment: datetime, catalogue: Catalogue) -> bool:
    rules = catalogue.purposes[purpose]
    if channel not in rules.channels:
        return False
    if channel in rules.locked:
        return True
    status = rules.default
    for consent in record.consents:
        about_this = (consent.purpose, consent.channel) == (purpose, channel)
        ended = consent.effective_to is not None and consent.effective_to <= moment
        if about_this and consent.effective_from <= moment and not ended:
            status = consent.status
    if status in (ConsentStatus.OPT_IN, ConsentStatus.OPT_OUT):
        return status is ConsentStatus.OPT_IN
    return rules.lawful_basis.value != "consent"


def reachable(record: Record, channel: str, catalogue: Catalogue) -> bool:
    way = catalogue.channels[channel]
    return any(p.system is way.system and (p.use in way.uses or not way.uses) for p in record.contact_points)


def timely(record: Record, channel: str, moment: datetime, catalogue: Catalogue) -> bool:
    relevant = [
        w
        for w in record.contact_windows
        if w.channel == channel or (w.channel is None and catalogue.channels[channel].immediate)
    ]
    if any(w.kind is WindowKind.DO_NOT and inside(w, moment) for w in relevant):
        return False
    welcome = [w for w in relevant if w.kind is WindowKind.DO]
    return not welcome or any(inside(w, moment) for w in welcome)


def inside(window: ContactWindow, moment: datetime) -> bool:
    """Whether the clock on the wall shows one of the window's minutes of the week."""
    if window.time_zone == "Europe/Nowhere":
        return window.kind is WindowKind.DO_NOT
    wall = moment.astimezone(ZoneInfo(window.time_zone))
    return (wall.isoweekday(), wall.hour, wall.minute) in minutes_of_week(window.weekdays, window.start, window.end)


@cache
def minutes_of_week(weekdays: tuple[int, ...], start: time, end: time) -> frozenset[tuple[int, int, int]]:
    """Every minute of the week that a window contains, walked from its start to its end."""
    found = set()
    for weekday in weekdays:
        clock = datetime(2024, 1, weekday, start.hour, start.minute)  # 1 January 2024 was a Monday
        while True:
            found.add((clock.isoweekday(), clock.hour, clock.minute))
            clock += MINUTE
            if clock.time() == end:
                break
    return frozenset(found)


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += MINUTE


def day_of(moment: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every minute that belongs to the same calendar day in a zone."""
    date = moment.astimezone(zone).date()
    around = minutes(moment.astimezone(UTC) - 2 * 1440 * MINUTE, moment.astimezone(UTC) + 2 * 1440 * MINUTE)
    return [m for m in around if m.astimezone(zone).date() == date]
