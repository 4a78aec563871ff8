"""Is everything well? The operator's page in words, from what one statement says."""

import platform
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from portal.catalogue.model import Catalogue
from portal.catalogue.told import words
from portal.db.migrations import head
from portal.formats import format_number
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.operations.mail import MailLine
from portal.operations.queries import ConnectorHealth, Overview, Worker
from portal.operations.state import State


@dataclass(frozen=True, slots=True)
class Verdict:
    state: State
    headline: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConnectorLine:
    """A CRM's line in the table; `health` has the figures."""

    health: ConnectorHealth
    state: State
    words: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the portal and its version or size."""

    name: str
    words: str
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Status:
    verdict: Verdict
    figures: tuple[tuple[str, str], ...]
    connectors: tuple[ConnectorLine, ...]
    mail: MailLine | None
    workers: tuple[Worker, ...]
    parts: tuple[Part, ...]


def status(seen: Overview, mail: MailLine | None, catalogue: Catalogue) -> Status:
    """The page, the most urgent first."""
    return Status(
        verdict=_verdict(seen, mail),
        figures=tuple(_figures(seen)),
        connectors=tuple(_line(connector, seen.at) for connector in seen.connectors),
        mail=mail,
        workers=seen.workers,
        parts=(*_versions(seen), *_catalogue(catalogue)),
    )


def _verdict(seen: Overview, mail: MailLine | None) -> Verdict:
    reasons = tuple(_reasons(seen))
    if not seen.workers_here:
        return Verdict(State.NO, _("No worker is running, so nothing reaches the CRMs"), reasons)
    if silent := [c for c in seen.connectors if c.open_until and not c.paused_at]:
        crm = {"crm": silent[0].label}
        return Verdict(State.NO, _("%(crm)s does not answer and is left alone for a while") % crm, reasons)
    if paused := [c for c in seen.connectors if c.paused_at]:
        return Verdict(State.NO, _("%(crm)s is paused: changes wait") % {"crm": paused[0].label}, reasons)
    if seen.parked:
        headline = ngettext(
            "%(count)s record is parked and waits for you", "%(count)s records are parked and wait for you", seen.parked
        )
        return Verdict(State.WAIT, headline % {"count": format_number(seen.parked)}, reasons)
    if late := _late(seen.connectors, seen.at):
        return Verdict(State.WAIT, _("%(crm)s is late") % {"crm": late[0].label}, reasons)
    if mail and mail.status.failed:
        headline = ngettext(
            "%(count)s letter could not be sent", "%(count)s letters could not be sent", mail.status.failed
        )
        return Verdict(State.WAIT, headline % {"count": format_number(mail.status.failed)}, reasons)
    if mail and mail.state is State.WAIT:
        return Verdict(State.WAIT, _("The mail server takes no mail at this moment"), reasons)
    return Verdict(State.YES, _("All is well: what customers change reaches every CRM"), reasons)


def _reasons(seen: Overview) -> Iterable[str]:
    running = ngettext("%(count)s worker is running", "%(count)s workers are running", seen.workers_here)
    yield running % {"count": seen.workers_here}
    waiting = ngettext("%(count)s record is on its way", "%(count)s records are on their way", seen.behind)
    yield waiting % {"count": format_number(seen.behind)} if seen.behind else _("nothing waits")
    for connector in seen.connectors:
        if connector.paused_at:
            yield _("%(crm)s is paused") % {"crm": connector.label}


LATE = timedelta(minutes=1)
"""A change that has waited as long is late: it usually takes a second."""


def _late(connectors: Iterable[ConnectorHealth], at: datetime) -> list[ConnectorHealth]:
    return [c for c in connectors if c.waiting_since and at - c.waiting_since > LATE]


def _figures(seen: Overview) -> Iterable[tuple[str, str]]:
    yield format_number(seen.behind), _("records on their way")
    yield format_number(seen.parked), _("records parked")
    yield format_number(sum(c.last_minute for c in seen.connectors)), _("deliveries in the last minute")
    yield format_number(sum(c.last_quarter for c in seen.connectors)), _("deliveries in the last 15 minutes")


def _line(health: ConnectorHealth, at: datetime) -> ConnectorLine:
    if health.paused_at:
        return ConnectorLine(health, State.NO, _("paused"))
    if health.open_until:
        return ConnectorLine(health, State.NO, _("does not answer"))
    if health.parked:
        return ConnectorLine(health, State.NO, _("records are parked"))
    if _late([health], at):
        return ConnectorLine(health, State.WAIT, _("late"))
    return ConnectorLine(health, State.YES, _("keeps up"))


def _versions(seen: Overview) -> Iterable[Part]:
    current = seen.migration == head()
    migration = (
        seen.migration
        if current
        else _("%(found)s, and %(needed)s is needed: run portal migrate")
        % {
            "found": seen.migration,
            "needed": head(),
        }
    )
    yield Part(_("Portal"), version("customer-profile-portal"))
    yield Part(_("Database schema"), migration, State.YES if current else State.NO)
    yield Part("PostgreSQL", seen.postgresql)
    yield Part("Python", platform.python_version())


def _catalogue(catalogue: Catalogue) -> Iterable[Part]:
    fields, sections = len(catalogue.fields), len(catalogue.sections)
    told = ngettext("%(fields)s fields in %(count)s section", "%(fields)s fields in %(count)s sections", sections)
    yield Part(_("Catalogue"), told % {"fields": fields, "count": sections})
    yield Part(_("Channels"), ", ".join(words(channel.labels) for channel in catalogue.channels.values()))
    for purpose in catalogue.purposes.values():
        notice = catalogue.notices[purpose.notice]
        shown = _("notice of %(version)s") % {"version": notice.version}
        yield Part(_("Purpose “%(name)s”") % {"name": words(purpose.labels)}, shown)
