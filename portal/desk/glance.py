"""What an agent on the phone must see in one second: may I call, until when, and if not, what else may I do?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from portal.catalogue.model import Catalogue, Channel
from portal.catalogue.told import words
from portal.contact.answer import Answer, State, answer
from portal.contact.may_contact import every_purpose
from portal.contact.permission import Ground, Permission
from portal.contact.words import from_words, until_words
from portal.desk.ahead import stricter
from portal.i18n import gettext as _
from portal.record.models import Record


@dataclass(frozen=True, slots=True)
class Cell:
    """One channel for one purpose; `state` None is a way that is not used for it. `ahead`: the CRM would answer
    otherwise, for it does not have yet what the record says."""

    channel: str
    state: State | None
    words: str
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class PurposeRow:
    purpose: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Glance:
    """`answer` is about one channel, calling, for the catalogue's first purpose; `instead` are other ways that are open
    now where calling is not; `rows` are all purposes and channels; `turns` is when one of the answers changes by
    itself. `ahead`: the CRM would give another answer, for it does not have yet what the record says."""

    channel: Channel
    answer: Answer
    instead: tuple[str, ...]
    channels: tuple[str, ...]
    rows: tuple[PurposeRow, ...]
    turns: datetime | None
    ahead: bool = False


def glance(record: Record, now: datetime, *, catalogue: Catalogue, ahead: Record | None = None) -> Glance | None:
    """The answers for a person at a moment; None if the catalogue has no purposes or channels.

    Args:
        ahead: what the record says already and the CRM does not have; the stricter of the two is told.
    """
    in_crm = every_purpose(record, now, catalogue=catalogue)
    asked = stricter(in_crm, every_purpose(ahead, now, catalogue=catalogue)) if ahead else in_crm
    groups = [list(permissions) for permissions in asked.values() if permissions]
    if not groups:
        return None
    main = _most_immediate(groups[0])
    others = [p for group in groups[1:] for p in group if p.channel == main.channel]
    told = answer(main, others)
    return Glance(
        channel=main.channel,
        answer=told,
        instead=tuple(_instead(groups[0], main)) if told.state is not State.YES else (),
        channels=tuple(words(channel.labels) for channel in catalogue.channels.values()),
        rows=tuple(_row(group, in_crm[group[0].purpose.key], catalogue) for group in groups),
        turns=min((moment for group in groups for p in group if (moment := _turns(p))), default=None),
        ahead=not any(main is p for p in in_crm[main.purpose.key]),
    )


def _most_immediate(permissions: Sequence[Permission]) -> Permission:
    """The call: the first channel that interrupts somebody, else the first of all."""
    return next((p for p in permissions if p.channel.immediate), permissions[0])


def _instead(permissions: Iterable[Permission], main: Permission) -> Iterable[str]:
    return (answer(p).headline for p in permissions if p is not main and p.allowed)


def _turns(permission: Permission) -> datetime | None:
    return permission.until if permission.allowed else permission.next


def _row(permissions: Sequence[Permission], in_crm: Sequence[Permission], catalogue: Catalogue) -> PurposeRow:
    by_channel = {permission.channel.key: permission for permission in permissions}
    ahead = {p.channel.key for p, known in zip(permissions, in_crm, strict=True) if p is not known}
    cells = (
        replace(_cell(words(channel.labels), by_channel.get(key)), ahead=key in ahead)
        for key, channel in catalogue.channels.items()
    )
    return PurposeRow(words(permissions[0].purpose.labels), tuple(cells))


def _cell(channel: str, permission: Permission | None) -> Cell:
    if permission is None or permission.consent.ground is Ground.NOT_USED:
        return Cell(channel, None, _("not used"))
    now = permission.at.astimezone(permission.zone)
    if permission.allowed:
        until = until_words(permission.until.astimezone(permission.zone), now) if permission.until else None
        return Cell(channel, State.YES, until or _("yes"))
    if permission.next:
        return Cell(channel, State.WAIT, from_words(permission.next.astimezone(permission.zone), now))
    return Cell(channel, State.NO, _("no"))
