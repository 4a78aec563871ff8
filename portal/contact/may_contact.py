"""May this person be contacted now, on this channel, for this purpose? One answer for customer, agent and machine."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.catalogue.model import Catalogue, Channel, LawfulBasis, Purpose
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
    (way,) = _ways(record, [catalogue.channels[channel]], now)
    return _permission(record, way, catalogue.purposes[purpose])


def every_channel(record: Record, purpose: str, now: datetime, *, catalogue: Catalogue) -> tuple[Permission, ...]:
    """The answers for all channels that a purpose uses, in the catalogue's order."""
    asked = catalogue.purposes[purpose]
    channels = [channel for channel in catalogue.channels.values() if channel.key in asked.channels]
    return tuple(_permission(record, way, asked) for way in _ways(record, channels, now))


def every_purpose(record: Record, now: datetime, *, catalogue: Catalogue) -> dict[str, tuple[Permission, ...]]:
    """The answers for all purposes and their channels, in the catalogue's order."""
    ways = list(_ways(record, catalogue.channels.values(), now))
    return {
        key: tuple(_permission(record, way, purpose) for way in ways if way.channel.key in purpose.channels)
        for key, purpose in catalogue.purposes.items()
    }


def serving(record: Record, now: datetime, *, catalogue: Catalogue) -> tuple[Permission, ...]:
    """The answers for serving the person: for the first purpose that needs no consent."""
    purposes = catalogue.purposes.values()
    first = next((p.key for p in purposes if p.channels and p.lawful_basis is not LawfulBasis.CONSENT), None)
    return every_channel(record, first, now, catalogue=catalogue) if first else ()


def agreed(record: Record, now: datetime, *, catalogue: Catalogue) -> list[tuple[Purpose, list[Channel]]]:
    """The purposes that rest on consent, each with the channels where it is in force, whatever the hour."""
    return [
        (purpose, [channel for channel in catalogue.channels.values() if _is_agreed(record, channel, purpose, now)])
        for purpose in catalogue.purposes.values()
        if purpose.channels and purpose.lawful_basis is LawfulBasis.CONSENT
    ]


def _is_agreed(record: Record, channel: Channel, purpose: Purpose, now: datetime) -> bool:
    return consent_at(now, record.consent(purpose.key, channel.key), channel, purpose).permits


class _Way(NamedTuple):
    """A channel to a person at a moment: all that is the same for every purpose."""

    channel: Channel
    point: ContactPoint | None
    hours: "_Hours"


def _ways(record: Record, channels: Iterable[Channel], now: datetime) -> Iterator[_Way]:
    if now.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    now, known = now.astimezone(UTC), {}
    for channel in channels:
        windows = tuple(window for window in record.contact_windows if applies(window, channel))
        if windows not in known:
            known[windows] = _Hours(record, windows, now)
        yield _Way(channel, contact_point(record, channel), known[windows])


class _Hours:
    """What some windows say from a moment on: the same for all channels that they apply to.

    Attributes:
        reasons: what they say of the moment itself.
        zone: the person's.
    """

    def __init__(self, record: Record, windows: Sequence[ContactWindow], now: datetime) -> None:
        self.windows, self.now = windows, now
        self.reasons = tuple(_times(windows, now))
        self.zone = person_zone(record, windows)
        self._permitted: dict[tuple[Moments, ...], tuple[Moments | None, tuple[Moments, ...]]] = {}
        self._open: dict[Moments, list[Moments]] = {}

    def permitted(self, periods: tuple[Moments, ...]) -> tuple[Moments | None, tuple[Moments, ...]]:
        """What the windows leave open of the periods in which consent permits: the first stretch from now on, and what
        lies in the person's day, told in their zone. Most purposes have the same periods."""
        if periods not in self._permitted:
            self._permitted[periods] = self._first(periods), tuple(self._of_today(periods))
        return self._permitted[periods]

    def _first(self, periods: Sequence[Moments]) -> Moments | None:
        ahead = [Span(max(self.now, period.start), period.end) for period in periods if self.now < period.end]
        return next((span for period in ahead if (span := self._first_open(period))), None)

    def _first_open(self, period: Moments) -> Moments | None:
        """Most often the next two days tell. What is open as far as `HORIZON` is taken to stay open."""
        hours: list[Moments] = []
        for reach in (timedelta(days=2), HORIZON):
            ahead = Span(period.start, min(period.start + reach, period.end))
            hours = self._open_hours(ahead)
            if hours and hours[0].end < ahead.end:
                return hours[0]
        return Span(hours[0].start, period.end) if hours else None

    def _of_today(self, periods: Sequence[Moments]) -> Iterable[Moments]:
        if not periods:
            return ()
        permitted = overlap(self._today, periods)
        return (Span(start.astimezone(self.zone), end.astimezone(self.zone)) for start, end in permitted)

    @cached_property
    def _today(self) -> list[Moments]:
        """What the windows leave open of the person's calendar day."""
        day = local_day(self.zone, self.now.astimezone(self.zone).date())
        return overlap(self._open_hours(Span(day[0].start, day[-1].end)), day)

    def _open_hours(self, within: Moments) -> list[Moments]:
        """What the windows leave open of a stretch."""
        if within not in self._open:
            self._open[within] = open_hours(self.windows, within)
        return self._open[within]


def _permission(record: Record, way: _Way, purpose: Purpose) -> Permission:
    said, hours = record.consent(purpose.key, way.channel.key), way.hours
    first, today = hours.permitted(tuple(consented(said, way.channel, purpose)) if way.point else ())
    return Permission(
        channel=way.channel,
        purpose=purpose,
        at=hours.now,
        reasons=(consent_at(hours.now, said, way.channel, purpose), *_reach(way.point), *hours.reasons),
        contact_point=way.point,
        until=first.end if first and first.start == hours.now and first.end < FOREVER else None,
        next=first.start if first else None,
        today=today,
        zone=hours.zone,
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
