"""Where a change is, in a line for each state: for customers in plain words, for staff with the CRM's own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from portal import clock
from portal.audit.entry import ActorKind
from portal.crm.said import in_words
from portal.formats import format_datetime, format_time, local
from portal.i18n import gettext as _
from portal.record.delivery import Delivery
from portal.sync.waiting import STUCK, Stop, Waiting

UNNAMED = "CRM"
"""What the built-in one is called where nobody gave it another name."""


@dataclass(frozen=True, slots=True)
class Line:
    """`state`: done, wait, or failed, which time alone does not mend. `says` is why, for staff."""

    state: str
    words: str
    says: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One line where all CRMs are in one state; else one for each state, with `summary` above them. `held`: somewhere
    it waits for more than its turn."""

    lines: tuple[Line, ...]
    summary: str
    state: str
    held: bool


def where(stops: Iterable[Stop], reader: ActorKind) -> Told | None:
    """Where a change is, for a reader; None where there is nothing to say. A CRM that is not connected any more is no
    place for it: only who has to account for it is told."""
    accounts = reader in (ActorKind.AUDITOR, ActorKind.OPERATOR)
    shown = [stop for stop in stops if accounts or stop.why is not Waiting.UNPLUGGED]
    if not shown:
        return None
    ordered = sorted(shown, key=_order) if len(shown) > 1 else shown
    groups = [list(group) for _key, group in groupby(ordered, key=_alike)]
    lines = tuple(_line(group, reader, several=len(shown) > 1) for group in groups)
    told = {"reached": sum(stop.why is None for stop in shown), "wanted": len(shown)}
    state = next((s for s in ("failed", "wait") if any(line.state == s for line in lines)), "done")
    held = any(stop.why not in (None, Waiting.DUE) for stop in shown)
    return Told(lines, _("In %(reached)s of %(wanted)s CRMs") % told, state, held)


def _order(stop: Stop) -> tuple[bool, str, str]:
    return stop.why is not None, str(_alike(stop)), stop.label


def _alike(stop: Stop) -> tuple[object, ...]:
    return (stop.why, stop.at, stop.since, stop.until, stop.from_, stop.says) if stop.why else (None,)


def _line(group: Sequence[Stop], reader: ActorKind, *, several: bool) -> Line:
    first, crm = group[0], ", ".join(_name(stop.label, several=several) for stop in group)
    if first.why is None:
        return Line("done", _there(crm, max(stop.at for stop in group if stop.at)))
    state = "failed" if first.why in STUCK else "wait"
    if reader is ActorKind.CUSTOMER:
        return Line(state, _customer_words(crm, first))
    return Line(state, _staff_words(crm, first), in_words(first.says) or None)


def came_from(via: str, deliveries: Iterable[Delivery]) -> str | None:
    """What the CRM is called that somebody changed something in, where it is one of several."""
    labels = {delivery.connector: delivery.label for delivery in deliveries}
    label = labels.get(via.removeprefix("crm:")) if len(labels) > 1 else None
    return _("Our own CRM") if label == UNNAMED else label


def _name(label: str, *, several: bool) -> str:
    """The built-in CRM, where nobody gave it another name, is not the only one where there are several."""
    if label != UNNAMED:
        return label
    return _("our own CRM") if several else _("the CRM")


def _there(crm: str, at: datetime) -> str:
    """`In Salesforce at 12:03`."""
    if _is_today(at):
        return _("In %(crm)s at %(time)s") % {"crm": crm, "time": format_time(at)}
    return _("In %(crm)s since %(time)s") % {"crm": crm, "time": format_datetime(at)}


def _customer_words(crm: str, stop: Stop) -> str:
    if stop.at:
        return _was(crm, stop, _for_customers(stop))
    if stop.why is Waiting.FORGOTTEN:
        return _("Not passed on to %(crm)s any more") % {"crm": crm}
    if stop.why is Waiting.LEFT_OUT:
        return _("Not passed on to %(crm)s; your next change will be") % {"crm": crm}
    return _waits(crm, stop, _for_customers(stop))


def _staff_words(crm: str, stop: Stop) -> str:
    if stop.at:
        return _was(crm, stop, _for_staff(stop))
    if stop.why is Waiting.FORGOTTEN:
        return _("Not for %(crm)s, which was told to forget this person") % {"crm": crm}
    if stop.why is Waiting.LEFT_OUT:
        return _("Not in %(crm)s: an operator left this version out") % {"crm": crm}
    return _waits(crm, stop, _for_staff(stop))


def _was(crm: str, stop: Stop, why: str | None) -> str:
    told = {"crm": crm, "from": _moment(stop.at), "until": _moment(stop.since), "why": why}
    if stop.since:
        return _("Was in %(crm)s from %(from)s until %(until)s") % told
    if why is None:
        return _("Was in %(crm)s from %(from)s") % told
    return _("Was in %(crm)s from %(from)s: %(why)s") % told


def _waits(crm: str, stop: Stop, why: str | None) -> str:
    told = {"crm": crm, "time": _moment(stop.since), "why": why}
    if stop.since is None:
        return _("No longer in %(crm)s: %(why)s") % told
    if why is None:
        return _("On its way to %(crm)s since %(time)s") % told
    return _("Waiting for %(crm)s since %(time)s: %(why)s") % told


def _for_customers(stop: Stop) -> str | None:
    """No technical word, and nothing of what a CRM says."""
    match stop.why:
        case Waiting.REFUSED | Waiting.LOST:
            return _("one of us is looking at it")
        case Waiting.PAUSED:
            return _("we have paused it for a while; nothing is lost")
        case Waiting.IDLE:
            return _("we are not passing anything on just now; it goes on by itself")
        case Waiting.SILENT:
            return _("it does not answer; we go on trying")
        case Waiting.RESTING:
            return _("it takes nothing more until %(time)s") % {"time": _moment(stop.until)}
        case Waiting.UNCERTAIN:
            return _("we are looking whether it has arrived")
        case Waiting.RETRYING:
            return _("it could not take it just now; we go on trying")
    return None


def _for_staff(stop: Stop) -> str | None:
    told = {"from": _moment(stop.from_), "until": _moment(stop.until)}
    match stop.why:
        case Waiting.UNPLUGGED:
            return _("it is not connected: no worker knows it")
        case Waiting.REFUSED:
            return _("parked; an operator is to look at it")
        case Waiting.LOST:
            return _("its contact was deleted or merged; an operator is to look at it")
        case Waiting.PAUSED:
            return _("an operator paused it at %(from)s") % told
        case Waiting.IDLE:
            return _("no worker is running")
        case Waiting.SILENT:
            return _("it has not answered since %(from)s and is tried again at %(until)s") % told
        case Waiting.RESTING:
            return _("it takes no more calls until %(until)s") % told
        case Waiting.UNCERTAIN:
            return _("it did not answer, and is being read to find out")
        case Waiting.RETRYING:
            return _("it could not take the record just now, and is tried again")
    return None


def _moment(moment: datetime | None) -> str:
    """`12:03`, or with the day where it is not today's."""
    if moment is None:
        return "–"
    return format_time(moment) if _is_today(moment) else format_datetime(moment)


def _is_today(moment: datetime) -> bool:
    return local(moment).date() == local(clock.now()).date()
