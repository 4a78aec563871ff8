"""A change record in one line, as an agent reads it among the notes of a CRM that has no room for more."""

from collections.abc import Mapping

from portal.audit.entry import Actor, ActorKind
from portal.audit.values import Value
from portal.catalogue.model import Catalogue
from portal.catalogue.naming import consent_label, path_name, value_name
from portal.catalogue.told import channel_name, kept_value, status_name, window_kind_name, window_name
from portal.catalogue.wording import Phrase, describe_without_evidence, who
from portal.crm.port import TimelineEntry
from portal.i18n import gettext as _
from portal.record.models import Record

LONGEST = 2_000
"""Characters; the change record itself has all of it."""


def timeline_text(catalogue: Catalogue, entry: TimelineEntry, customer: str, state: Mapping[str, Value]) -> str:
    """`Alice Marsh: Preferred language: German (before: English)`.

    Args:
        entry: without its text.
        customer: the name of whom it is about.
        state: the flat record of now: it tells what an item is whose diffs do not say so.
    """
    phrases = describe_without_evidence(catalogue, entry.action, entry.diffs, state=state)
    done = [_line(phrase) for phrase in phrases]
    lost = [_lost(catalogue, path, value, state) for path, value in entry.lost.items()]
    text = f"{_actor(entry, customer)}: {'; '.join([*done, *lost]) or entry.action}"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def summary_text(catalogue: Catalogue, record: Record) -> str:
    """How and when to reach somebody, in a few lines for a CRM that has room for no more."""
    windows = [
        f"{channel_name(catalogue, window.channel)}: {window_kind_name(window.kind)}, "
        f"{window_name(sorted(window.weekdays), window.start.isoformat('minutes'), window.end.isoformat('minutes'))}, "
        f"{window.time_zone}"
        for window in record.contact_windows
    ]
    consents = [
        f"{consent_label(catalogue, f'{consent.purpose}/{consent.channel}')}: {status_name(consent.status)}"
        for consent in record.consents
    ]
    text = "\n".join([*windows, *consents])
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _actor(entry: TimelineEntry, customer: str) -> str:
    kind = ActorKind(entry.actor_kind)
    name = customer if kind is ActorKind.CUSTOMER else entry.actor_name
    return who(Actor(kind, entry.actor_id, entry.via), reader=ActorKind.AGENT, name=name or None)


def _line(phrase: Phrase) -> str:
    told = {"what": phrase.label, "old": phrase.old, "new": phrase.new}
    if phrase.new is None:
        return _("%(what)s: removed (before: %(old)s)") % told
    if phrase.old is None:
        return _("%(what)s: %(new)s") % told
    return _("%(what)s: %(new)s (before: %(old)s)") % told


def _lost(catalogue: Catalogue, path: str, text: str, state: Mapping[str, Value]) -> str:
    what, value = path_name(catalogue, path, state), kept_value(text)
    if value is None:
        return _("%(what)s: was emptied in the CRM, and that does not stand") % {"what": what}
    told = {"what": what, "value": value_name(catalogue, path, value, state)}
    return _("%(what)s: “%(value)s” was put into the CRM and does not stand") % told
