"""One CRM in words: may it be called, what is left of its budget, what happened to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.crm.said import in_words
from portal.formats import format_ago, format_number, format_time
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.operations.crm_queries import Crm, Happening, Minute, Parked
from portal.operations.state import State
from portal.operations.status import LATE, Verdict
from portal.sync.events import ENGINE, Event


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the journal in words."""

    at: datetime
    who: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class CrmStatus:
    """The page. `plot` says in a sentence what the plots show."""

    name: str
    label: str
    paused: bool
    resyncing: bool
    verdict: Verdict
    facts: tuple[tuple[str, str], ...]
    parked: tuple[Parked, ...]
    parked_in_all: int
    minutes: tuple[Minute, ...]
    plot: str
    journal: tuple[Told, ...]


def crm_status(seen: Crm) -> CrmStatus:
    """What one statement says, in words."""
    row = seen.row
    return CrmStatus(
        name=row["name"],
        label=row["label"],
        paused=row["paused_at"] is not None,
        resyncing=row["resyncing_since"] is not None,
        verdict=_verdict(row),
        facts=tuple(_facts(row)),
        parked=seen.parked,
        parked_in_all=row["parked"],
        minutes=seen.minutes,
        plot=_plot(seen.minutes),
        journal=tuple(_told(each) for each in seen.happenings),
    )


def _verdict(row: Mapping[str, Any]) -> Verdict:
    """The most urgent first."""
    reasons = tuple(_reasons(row))
    crm = {"crm": row["label"]}
    if row["paused_at"]:
        return Verdict(State.NO, _("%(crm)s is paused: changes wait") % crm, reasons)
    if row["open_until"]:
        return Verdict(State.NO, _("%(crm)s does not answer and is left alone for a while") % crm, reasons)
    if row["shut_until"] and row["shut_until"] > row["at"]:
        return Verdict(State.WAIT, _("%(crm)s asked for a break") % crm, reasons)
    if row["waiting_since"] and row["at"] - row["waiting_since"] > LATE:
        return Verdict(State.WAIT, _("%(crm)s is late") % crm, reasons)
    if row["parked"]:
        return Verdict(State.WAIT, _("%(crm)s keeps up, but refuses some records") % crm, reasons)
    return Verdict(State.YES, _("%(crm)s keeps up") % crm, reasons)


def _reasons(row: Mapping[str, Any]) -> Iterable[str]:
    waiting = ngettext("%(count)s record is on its way", "%(count)s records are on their way", row["behind"])
    yield waiting % {"count": format_number(row["behind"])} if row["behind"] else _("nothing waits")
    if row["paused_at"]:
        yield _("paused %(when)s") % {"when": format_ago(row["paused_at"])}
    if row["open_until"]:
        tried = _("one record is tried at %(time)s") % {"time": format_time(row["open_until"], seconds=True)}
        yield f"{_('since %(time)s') % {'time': format_time(row['opened_at'], seconds=True)}}; {tried}"
    if row["shut_until"] and row["shut_until"] > row["at"]:
        yield _("until %(time)s") % {"time": format_time(row["shut_until"], seconds=True)}
    if row["resyncing_since"]:
        yield _("every record is being compared anew")


def _facts(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    yield _("Oldest change that waits"), format_ago(row["waiting_since"]) if row["waiting_since"] else "–"
    if row["rate_calls"]:
        budget = _("%(left)s of %(all)s calls in %(seconds)s seconds are left") % {
            "left": format_number(max(0, int(row["tokens"] or 0))),
            "all": format_number(row["rate_calls"]),
            "seconds": format_number(row["rate_seconds"]),
        }
        yield _("Budget"), budget
    if row["remaining"] is not None:
        told = {"left": format_number(row["remaining"]), "all": format_number(row["remaining_of"] or 0)}
        yield _("The CRM's own count"), _("%(left)s of %(all)s calls are left") % told
    yield (
        _("Last error"),
        (f"{in_words(row['last_error'])} ({format_ago(row['last_error_at'])})" if row["last_error"] else _("none")),
    )
    yield (
        _("Erasures and restrictions not confirmed"),
        (
            _("%(count)s, the oldest %(ago)s")
            % {"count": format_number(row["unconfirmed"]), "ago": format_ago(row["unconfirmed_since"])}
            if row["unconfirmed"]
            else _("all are confirmed")
        ),
    )
    yield _("Drift in the last day"), format_number(row["drifted"])
    yield _("All records compared"), format_ago(row["swept_at"]) if row["swept_at"] else _("not yet")
    if row["resynced_at"]:
        yield _("Last resync"), format_ago(row["resynced_at"])


def _plot(minutes: tuple[Minute, ...]) -> str:
    if not minutes:
        return _("Nothing was measured in the last hour.")
    return _("In the last hour: %(delivered)s deliveries; at most %(backlog)s waited, the longest %(lag)s seconds.") % {
        "delivered": format_number(sum(minute.delivered for minute in minutes)),
        "backlog": format_number(max(minute.backlog for minute in minutes)),
        "lag": format_number(max(minute.lag for minute in minutes)),
    }


def _told(happening: Happening) -> Told:
    who = {ENGINE: _("The portal"), "cli": _("From the command line")}.get(happening.actor, happening.actor)
    what = event_words().get(happening.event, happening.event)
    if happening.number:
        what = _("%(what)s: customer %(number)s") % {"what": what, "number": happening.number}
    return Told(happening.at, who, what, _detail(happening.facts))


def _detail(facts: Mapping[str, Any]) -> str:
    if facts.get("missing"):
        return _("the contact is gone")
    paths = facts.get("paths")
    if isinstance(paths, list):
        return ", ".join(paths)
    return in_words(facts.get("says")) or str(facts.get("to") or "")


def event_words() -> Mapping[str, str]:
    """Every kind of event in words."""
    return {
        Event.PARKED: _("Parked"),
        Event.RETRIED: _("Tried again"),
        Event.SKIPPED: _("Skipped"),
        Event.RELINKED: _("Linked to another contact"),
        Event.DRIFT: _("Drift found"),
        Event.RESYNC: _("Resync begun"),
        Event.PAUSED: _("Paused"),
        Event.RESUMED: _("Resumed"),
        Event.BREAKER_OPENED: _("Does not answer; left alone"),
        Event.BREAKER_CLOSED: _("Answers again"),
        Event.CURSOR_EXPIRED: _("The feed's cursor was forgotten; resync begun"),
        Event.RECORD_WANTED: _("Restriction to be lifted"),
        Event.RECORD_CONFIRMED: _("Restriction lifted"),
        Event.RESTRICTED_WANTED: _("To be restricted"),
        Event.RESTRICTED_CONFIRMED: _("Restricted"),
        Event.ERASED_WANTED: _("To be erased"),
        Event.ERASED_CONFIRMED: _("Erased"),
    }
