"""How to reach a person, as an agent reads it: contact points in order, times in words, and consents as recorded."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from portal.catalogue.model import Catalogue, Channel
from portal.catalogue.told import address, channel_name, purpose_name, status_name, system_name, use_name
from portal.contact.plot import Plot, plots
from portal.contact.window_words import window_words
from portal.contact.windows import applies
from portal.crm.embedded.card import Card
from portal.desk.ahead import is_gone, withdrawn
from portal.desk.said import News, Said, item_said
from portal.i18n import gettext as _
from portal.record.models import Consent, ConsentStatus, ContactPoint, ContactWindow, Record, System


@dataclass(frozen=True, slots=True)
class Point:
    """A contact point; `href` is what a telephone or a mail program understands. `gone`: the record does not have it
    any more, and the CRM does not know yet."""

    system: str
    value: str
    use: str
    href: str | None
    channels: str
    fresh: bool
    gone: bool
    said: Said | None


@dataclass(frozen=True, slots=True)
class Window:
    """A contact window. `ahead`: the CRM does not have it yet; `gone`: the record has it no more, and the CRM does not
    know yet."""

    words: str
    channel: str
    fresh: bool
    said: Said | None
    ahead: bool
    gone: bool


@dataclass(frozen=True, slots=True)
class RecordedConsent:
    """What was said to a purpose on a channel, and how that is known; `state` is its colour. `ahead`: the
    CRM does not have it yet."""

    purpose: str
    channel: str
    state: str
    status: str
    at: datetime
    until: datetime | None
    source: str
    notice: str
    fresh: bool
    ahead: bool


def points(catalogue: Catalogue, card: Card, new: News, agent: UUID, ahead: Record | None) -> list[Point]:
    """The contact points, the one to try first first."""
    return [_point(catalogue, point, card, new, agent, is_gone(point, ahead)) for point in card.record.contact_points]


def _point(catalogue: Catalogue, point: ContactPoint, card: Card, new: News, agent: UUID, gone: bool) -> Point:
    served = (
        channel_name(catalogue, channel.key)
        for channel in catalogue.channels.values()
        if channel.system is point.system and (not channel.uses or point.use in channel.uses)
    )
    return Point(
        system=system_name(point.system),
        value=address(point.system, point.value),
        use=use_name(point.use),
        href=None if gone else _href(point),
        channels=", ".join(served),
        fresh=new.touches(f"contact_points/{point.id}"),
        gone=gone,
        said=item_said(point.said, card, agent),
    )


def _href(point: ContactPoint) -> str | None:
    match point.system:
        case System.PHONE:
            return f"tel:{quote(point.value, safe='+')}"
        case System.EMAIL:
            return f"mailto:{quote(point.value, safe='@+')}"
    return None


def windows(catalogue: Catalogue, card: Card, new: News, agent: UUID, ahead: Record | None) -> list[Window]:
    """The contact windows in words: the CRM's, and the record's that it does not have yet."""
    there, wanted = card.record.contact_windows, (ahead or card.record).contact_windows
    known = dict.fromkeys((*there, *wanted))
    return [_window(catalogue, window, card, new, agent, there, wanted) for window in known]


def weeks(catalogue: Catalogue, card: Card, channel: Channel, now: datetime, ahead: Record | None) -> tuple[Plot, ...]:
    """The week of a channel, a plot for each time zone: all windows that apply to it, whether they name it or not, as
    the customer wants them now."""
    wanted = (ahead or card.record).contact_windows
    return plots([replace(w, channel=channel.key) for w in wanted if applies(w, channel)], now, catalogue=catalogue)


def _window(
    catalogue: Catalogue,
    window: ContactWindow,
    card: Card,
    new: News,
    agent: UUID,
    there: Collection[ContactWindow],
    wanted: Collection[ContactWindow],
) -> Window:
    return Window(
        words=window_words(window),
        channel=channel_name(catalogue, window.channel),
        fresh=new.touches(f"contact_windows/{window.id}"),
        said=item_said(window.said, card, agent),
        ahead=window not in there,
        gone=window not in wanted,
    )


def consents(catalogue: Catalogue, card: Card, new: News, ahead: Record | None) -> list[RecordedConsent]:
    """What was recorded, in the catalogue's order; an opt-out also where the CRM does not have it yet."""
    later = {(c.purpose, c.channel): c for c in withdrawn(card, ahead)}
    known = {(c.purpose, c.channel): c for c in card.record.consents} | later
    order = {key: place for place, key in enumerate([*catalogue.purposes, *catalogue.channels])}
    recorded = sorted(known.values(), key=lambda c: (order.get(c.purpose, 99), order.get(c.channel, 99)))
    return [_consent(catalogue, consent, new, (consent.purpose, consent.channel) in later) for consent in recorded]


def _consent(catalogue: Catalogue, consent: Consent, new: News, ahead: bool) -> RecordedConsent:
    return RecordedConsent(
        purpose=purpose_name(catalogue, consent.purpose),
        channel=channel_name(catalogue, consent.channel),
        state={ConsentStatus.OPT_IN: "yes", ConsentStatus.OPT_OUT: "no"}.get(consent.status, "wait"),
        status=status_name(consent.status),
        at=consent.capture_date,
        until=consent.effective_to,
        source=_source(consent.capture_source),
        notice=consent.notice_version,
        fresh=new.touches(f"consents/{consent.purpose}/{consent.channel}"),
        ahead=ahead,
    )


def _source(source: str) -> str:
    """Where it was recorded: on the customer's own page, or as the source calls itself."""
    return {"portal": _("the customer’s page")}.get(source, source)
