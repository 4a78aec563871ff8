"""The change log in words, for its pages."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from portal.audit.entry import ActorKind, Entry
from portal.auditing.forms import ACTORS, SUBJECTS
from portal.auditing.queries import LogFilter, LoggedChange
from portal.auditing.reached import Reached
from portal.catalogue.model import Catalogue
from portal.catalogue.wording import Phrase, describe_change, name_of_actor, who
from portal.crm.said import in_words
from portal.formats import format_date, format_number
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.record.delivery import Delivery
from portal.sync.state import SyncStatus, Wanted
from portal.sync.waiting_words import Line, Told, came_from, where

DAYS = 30
"""How many days the histogram shows when no dates are asked for."""


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A row of the log."""

    at: datetime
    who: str
    via: str
    action: str
    lines: list[Phrase]
    where: Told | None
    seq: int
    proof: str
    href: str
    number: str


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address without it."""

    words: str
    href: str


def shown(catalogue: Catalogue, change: LoggedChange, href: str) -> ShownChange:
    """A change as a row. One whose entry cannot be read says so."""
    entry = change.entry
    return ShownChange(
        at=change.at,
        who=actor_words(change),
        via=entry.actor.via if entry else "",
        action=entry.action if entry else _("cannot be read"),
        lines=describe_change(catalogue, entry) if entry else [],
        where=where(change.stops, ActorKind.AUDITOR),
        seq=change.seq,
        proof=f"{change.leaf.hex()[:4]}…{change.leaf.hex()[-2:]}",
        href=href,
        number=change.number,
    )


def actor_words(change: LoggedChange) -> str:
    """Who it was, for an auditor; a customer by number."""
    if change.entry is None:
        return _("unknown")
    name = name_of_actor(change.entry)
    if change.entry.actor.kind is ActorKind.CUSTOMER:
        name = _("Customer %(number)s") % {"number": change.number}
    crm = came_from(change.entry.actor.via, change.deliveries)
    return who(change.entry.actor, reader=ActorKind.AUDITOR, name=name, crm=crm)


def heading(counts: Mapping[date, int], asked: LogFilter) -> str:
    """How many changes there are, in a sentence."""
    total = sum(counts.values())
    if asked.after or asked.before:
        sentence = ngettext(
            "%(total)s change in these days, the newest first",
            "%(total)s changes in these days, the newest first",
            total,
        )
    else:
        sentence = ngettext(
            "%(total)s change in the last 30 days; earlier ones follow",
            "%(total)s changes in the last 30 days; earlier ones follow",
            total,
        )
    return sentence % {"total": format_number(total)}


def days_shown(asked: LogFilter, zone: ZoneInfo, now: datetime) -> tuple[date, date]:
    """The first and the last day of the histogram."""
    last = (
        (asked.before.astimezone(zone) - timedelta(seconds=1)).date() if asked.before else now.astimezone(zone).date()
    )
    first = asked.after.astimezone(zone).date() if asked.after else last - timedelta(days=DAYS - 1)
    return max(first, last - timedelta(days=366)), max(first, last)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins in a time zone."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def bars(counts: Mapping[date, int], first: date, last: date, page: str, filters: Mapping[str, str]) -> list[Bar]:
    """A bar for each day, each leading to its day."""
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [
        Bar(format_date(day), counts.get(day, 0), address(page, {**filters, "after": str(day), "before": str(day)}))
        for day in days
    ]


def plot_words(shown_bars: list[Bar]) -> str:
    """What the histogram says, for who cannot see it."""
    most = max(shown_bars, key=lambda bar: bar.count)
    return _("Changes a day; the most, %(count)s, on %(day)s.") % {
        "count": format_number(most.count),
        "day": most.label,
    }


def chips(filters: Mapping[str, str], page: str) -> list[Chip]:
    """The filters that are on."""
    words = {value: told for choice in choices().values() for value, told in choice}
    names = {"customer": _("Customer %(value)s"), "after": _("from %(value)s"), "before": _("until %(value)s")}
    return [
        Chip(
            names.get(name, "%(value)s") % {"value": words.get(value, value)},
            address(page, {other: v for other, v in filters.items() if other != name}),
        )
        for name, value in filters.items()
    ]


def choices() -> dict[str, list[tuple[str, str]]]:
    """What can be chosen in the filters: value and words."""
    actors = dict(zip(ACTORS, (_("customers"), _("agents"), _("operators"), _("systems")), strict=True))
    subjects = dict(
        zip(
            SUBJECTS,
            (
                _("Profile"),
                _("Contact points"),
                _("Contact windows"),
                _("Consents"),
                _("Notes"),
                _("Logins"),
                _("Customers"),
            ),
            strict=True,
        )
    )
    reached = {
        Reached.EVERYWHERE: _("in every CRM"),
        Reached.WAITING: _("not in every CRM yet"),
        Reached.PARKED: _("parked"),
    }
    return {
        "actor": list(actors.items()), "action": list(subjects.items()),
        "delivery": [(key.value, words) for key, words in reached.items()],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a change is with one CRM: there, since `at`; or as `line` says, for the reason called `why`, `since` then,
    as far as that is known."""

    label: str
    at: datetime | None
    line: Line
    since: datetime | None
    why: str | None


def places(change: LoggedChange) -> list[Place]:
    """Each CRM by itself."""
    told = ((stop, where([stop], ActorKind.AUDITOR)) for stop in change.stops)
    return [Place(stop.label, stop.at, words.lines[0], stop.since, stop.why) for stop, words in told if words]


def confirmations(change: LoggedChange) -> list[tuple[str, str, datetime]]:
    """What each CRM was told of erasure and restriction, or has confirmed, and since when: label, words, moment."""
    asked = {
        Wanted.RECORD: (_("Restriction to be lifted"), _("Restriction lifted")),
        Wanted.RESTRICTED: (_("To be restricted"), _("Restricted")),
        Wanted.ERASED: (_("To be erased"), _("Erased")),
    }
    return [
        (of.label, _refused(of, asked[Wanted(of.wanted)][of.confirmed_at is not None]), of.confirmed_at or of.wanted_at)
        for of in change.deliveries
        if of.wanted_at
    ]


def _refused(of: Delivery, words: str) -> str:
    return f"{words}: {in_words(of.says)}" if of.status == SyncStatus.PARKED and of.says else words


def evidence(entry: Entry) -> list[tuple[str, str]]:
    """How it is known that the actor meant it."""
    names = {
        "ip": _("Address"),
        "user_agent": _("Browser"),
        "session": _("Session"),
        "authenticated_at": _("Logged in"),
        "basis": _("Rests on"),
        "provider": _("Provider"),
        "account": _("Account"),
        "login": _("Login"),
        "why": _("Why not"),
        "expires_at": _("Good until"),
        "sent_to": _("Sent to"),
        "name": _("Name"),
    }
    values = dict(entry.evidence.facts) | dict(entry.evidence.personal)
    told = [(_("Request"), str(entry.request)), (_("Actor"), entry.actor.id), (_("Log"), entry.origin)]
    return told + [(names.get(name, name), str(value)) for name, value in values.items()]


def pretty(data: bytes) -> str:
    """An entry's bytes with line breaks, for reading; what is hashed has none."""
    try:
        return json.dumps(json.loads(data), indent=2, ensure_ascii=False)
    except ValueError:
        return data.decode(errors="replace")


def address(path: str, query: Mapping[str, str]) -> str:
    """A path with a query."""
    return f"{path}?{urlencode(query)}" if query else path
