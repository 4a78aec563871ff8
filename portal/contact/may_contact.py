"""May this person be contacted now, on this channel, for this purpose? One answer for customer, agent and machine."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from portal.catalogue.model import Catalogue, Channel, Purpose
from portal.contact.consent import FOREVER, consent_at, consented
from portal.contact.permission import Ground, Permission, Reason
from portal.contact.spans import Span, overlap
from portal.contact.windows import Moments, applies, contains, known_zone, local_day, open_hours
from portal.record.models import ContactPoint, ContactWindow, Record, WindowKind

HORIZON = timedelta(days=15)
"""How far ahead a next time is looked for. Windows recur every week; two weeks, because a change of clocks can swallow
one of them."""


def may_contact(record: Record, channel: str, purpose: str, now: datetime, *, catalogue: Catalogue) -> Permission:
    """Whether, where and when a person may be contacted on a channel for a purpose.

    1. Consent: what was recorded and is in force at that moment, else the purpose's default. An opt-in permits and an
       opt-out forbids; `seen` and `not_seen` permit unless the purpose rests on consent (GDPR 6(1)(a)). On a channel
       that the purpose is locked to, contact is needed to serve and always permitted.
    2. Contact point: the one of lowest rank that the channel can use.
    3. Windows that apply to the channel: no DO_NOT window contains the moment, and if there are DO windows, one of
       them does. Each is read on the clock of its own zone: the called person's local time is what counts. A window
       whose zone is not known permits nothing (DO) or forbids always (DO_NOT).

    Raises:
        ValueError: the catalogue has no such channel or purpose, or `now` has no zone.
    """
    if channel not in catalogue.channels or purpose not in catalogue.purposes:
        raise ValueError(f"the catalogue has no channel {channel!r} or no purpose {purpose!r}")
    return _permission(record, _Way(record, catalogue.channels[channel], now), catalogue.purposes[purpose])


def every_channel(record: Record, purpose: str, now: datetime, *, catalogue: Catalogue) -> tuple[Permission, ...]:
    """The answers for all channels that a purpose uses, in the catalogue's order."""
    channels = [key for key in catalogue.channels if key in catalogue.purposes[purpose].channels]
    return tuple(may_contact(record, channel, purpose, now, catalogue=catalogue) for channel in channels)


def every_purpose(record: Record, now: datetime, *, catalogue: Catalogue) -> dict[str, tuple[Permission, ...]]:
    """The answers for all purposes and their channels, in the catalogue's order."""
    ways = [_Way(record, channel, now) for channel in catalogue.channels.values()]
    return {
        key: tuple(_permission(record, way, purpose) for way in ways if way.channel.key in purpose.channels)
        for key, purpose in catalogue.purposes.items()
    }


class _Way:
    """A channel to a person at a moment: all that is the same for every purpose."""

    def __init__(self, record: Record, channel: Channel, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        self.channel, self.now = channel, now.astimezone(UTC)
        self.point = contact_point(record, channel)
        self.windows = [window for window in record.contact_windows if applies(window, channel)]
        self.zone = person_zone(record, self.windows)
        self.reasons = (*_reach(self.point), *_times(self.windows, self.now))
        self._open: dict[Moments, list[Moments]] = {}

    @cached_property
    def today(self) -> list[Moments]:
        """What the windows leave open of the person's calendar day."""
        day = local_day(self.zone, self.now.astimezone(self.zone).date())
        return overlap(self.open_hours(Span(day[0].start, day[-1].end)), day)

    def open_hours(self, within: Moments) -> list[Moments]:
        """What the windows leave open of a stretch."""
        if within not in self._open:
            self._open[within] = open_hours(self.windows, within)
        return self._open[within]


def _permission(record: Record, way: _Way, purpose: Purpose) -> Permission:
    said = record.consent(purpose.key, way.channel.key)
    periods = consented(said, way.channel, purpose) if way.point else []
    first = _first_permitted(way, periods)
    return Permission(
        channel=way.channel,
        purpose=purpose,
        at=way.now,
        reasons=(consent_at(way.now, said, way.channel, purpose), *way.reasons),
        contact_point=way.point,
        until=first.end if first and first.start == way.now and first.end < FOREVER else None,
        next=first.start if first else None,
        today=tuple(_permitted_today(way, periods)),
        zone=way.zone,
    )


def contact_point(record: Record, channel: Channel) -> ContactPoint | None:
    """The contact point of lowest rank that serves a channel."""
    fitting = (
        point
        for point in record.contact_points
        if point.system is channel.system and (not channel.uses or point.use in channel.uses)
    )
    return min(fitting, key=lambda point: (point.rank, point.id), default=None)


def person_zone(record: Record, windows: Sequence[ContactWindow] = ()) -> ZoneInfo:
    """The person's time zone: what the profile says, else what a contact window is told in, else UTC."""
    told = str(record.profile.get("time_zone") or "")
    names = (told, *(window.time_zone for window in (*windows, *record.contact_windows)))
    return next((zone for name in names if (zone := known_zone(name))), ZoneInfo("UTC"))


def _reach(point: ContactPoint | None) -> tuple[Reason, ...]:
    return () if point else (Reason(Ground.NO_CONTACT_POINT),)


def _times(windows: Sequence[ContactWindow], now: datetime) -> Iterable[Reason]:
    """What the windows say about a moment: what forbids, else what permits."""
    unwelcome = [w for w in windows if w.kind is WindowKind.DO_NOT and contains(w, now)]
    if unwelcome:
        return [_about(Ground.UNWELCOME, window) for window in unwelcome]
    welcome = [w for w in windows if w.kind is WindowKind.DO]
    if not welcome:
        return [Reason(Ground.ANY_TIME)]
    inside = [Reason(Ground.INSIDE_WINDOW, window=w) for w in welcome if contains(w, now)]
    return inside or [_about(Ground.OUTSIDE_WINDOWS, window) for window in welcome]


def _about(ground: Ground, window: ContactWindow) -> Reason:
    return Reason(ground if known_zone(window.time_zone) else Ground.UNKNOWN_ZONE, window=window)


def _first_permitted(way: _Way, periods: Sequence[Moments]) -> Moments | None:
    """The first stretch, from now on, that consent and windows leave open."""
    ahead = [Span(max(way.now, period.start), period.end) for period in periods if way.now < period.end]
    return next((span for period in ahead if (span := _first_open(way, period))), None)


def _first_open(way: _Way, period: Moments) -> Moments | None:
    """Most often the next two days tell. What is open as far as `HORIZON` is taken to stay open."""
    hours: list[Moments] = []
    for reach in (timedelta(days=2), HORIZON):
        ahead = Span(period.start, min(period.start + reach, period.end))
        hours = way.open_hours(ahead)
        if hours and hours[0].end < ahead.end:
            return hours[0]
    return Span(hours[0].start, period.end) if hours else None


def _permitted_today(way: _Way, periods: Sequence[Moments]) -> Iterable[Moments]:
    if not periods:
        return ()
    permitted = overlap(way.today, periods)
    return (Span(start.astimezone(way.zone), end.astimezone(way.zone)) for start, end in permitted)
