"""What happened to a record, as an agent reads it: what is new to them first, then what was before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal import clock
from portal.audit.entry import Diff
from portal.audit.values import State
from portal.catalogue.model import AgentAccess, Catalogue
from portal.catalogue.told import kept_value
from portal.catalogue.wording import Phrase, describe, describe_without_evidence
from portal.crm.embedded.card import Activity, Card
from portal.desk.delivery import change_told
from portal.desk.said import is_mine, who_did
from portal.formats import format_day_time
from portal.i18n import gettext as _
from portal.record.flat import flatten
from portal.sync.waiting_words import Told

EARLIER_SHOWN = 20
FIRST_SHOWN = 5
JUST_NOW = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Happening:
    """One change: who, when, what became of what, and how far it has come. `lost` are words that an agent put in and
    that do not stand."""

    seq: int
    who: str
    at: datetime
    lines: list[Phrase]
    lost: list[Phrase]
    where: Told | None


@dataclass(frozen=True, slots=True)
class Timeline:
    """`new` is what happened since the agent's visit before this one, at `since`. At the first visit (None), it is what
    happened last."""

    since: datetime | None
    new: list[Happening]
    earlier: list[Happening]


def timeline(catalogue: Catalogue, card: Card, agent: UUID) -> Timeline:
    """The timeline of a contact, newest first."""
    told = _told(catalogue, card, card.activity, agent)
    new = FIRST_SHOWN if card.since_at is None else sum(happening.seq > card.since_seq for happening in told)
    return Timeline(card.since_at, told[:new], told[new : new + EARLIER_SHOWN])


def _told(catalogue: Catalogue, card: Card, entries: Iterable[Activity], agent: UUID) -> list[Happening]:
    state = flatten(card.record)
    told = (_happening(catalogue, card, entry, state, agent) for entry in entries)
    return [happening for happening in told if happening.lines or happening.lost]


def _happening(catalogue: Catalogue, card: Card, entry: Activity, state: State, agent: UUID) -> Happening:
    lost = [Diff(path, None, kept_value(text)) for path, text in entry.lost.items()]
    return Happening(
        seq=entry.seq,
        who=who_did(card, entry, agent),
        at=entry.at,
        lines=describe_without_evidence(catalogue, entry.action, _for_agents(catalogue, entry.diffs), state=state),
        lost=describe(catalogue, _for_agents(catalogue, lost), state=state),
        where=change_told(card, entry),
    )


def _for_agents(catalogue: Catalogue, diffs: Iterable[Diff]) -> list[Diff]:
    """Without what the catalogue hides from agents or does not know."""
    shown = {field.path for field in catalogue.fields.values() if field.agent is not AgentAccess.HIDDEN}
    return [diff for diff in diffs if diff.path in shown or not diff.path.startswith("profile/")]


@dataclass(frozen=True, slots=True)
class Interruption:
    """Others changed something while the page was open: who did so last and when, and what, in a few words."""

    who: str
    when: str
    what: str


def interruption(catalogue: Catalogue, card: Card, agent: UUID, shown: int) -> Interruption | None:
    """What a page that shows version `shown` of the record does not show yet; nothing of what the agent did."""
    others = [entry for entry in card.activity if entry.seq > shown and not is_mine(entry, agent)]
    happenings = _told(catalogue, card, others, agent)
    if not happenings:
        return None
    labels = dict.fromkeys(line.label for happening in happenings for line in (*happening.lines, *happening.lost))
    last = happenings[0]
    when = _("just now") if clock.now() - last.at < JUST_NOW else format_day_time(last.at)
    return Interruption(last.who, when, ", ".join(labels))
