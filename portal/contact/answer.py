"""What an agent sees at a glance: yes or no, where, until when, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.catalogue.model import Channel
from portal.catalogue.told import address, words
from portal.contact.permission import Ground, Permission
from portal.contact.reasons import consent_date, local_time, standing, times
from portal.contact.words import from_words, until_words
from portal.i18n import gettext, pgettext


class State(StrEnum):
    """The colour of an answer."""

    YES = "yes"  # now
    WAIT = "wait"  # not now, but at a time that is known
    NO = "no"  # at no time that is known


@dataclass(frozen=True, slots=True)
class Answer:
    """`headline` is the answer, `reasons` say why; both are plain text. Times are the person's local times."""

    state: State
    headline: str
    reasons: tuple[str, ...]


def answer(permission: Permission, others: Iterable[Permission] = ()) -> Answer:
    """The answer for one channel and purpose; `others` are the same channel's other purposes, told as reasons."""
    return Answer(
        state=_state(permission),
        headline=_headline(permission),
        reasons=(
            *times(permission),
            *(standing(each) for each in (permission, *others)),
            *local_time(permission),
        ),
    )


def _state(permission: Permission) -> State:
    if permission.allowed:
        return State.YES
    return State.WAIT if permission.next else State.NO


def _headline(permission: Permission) -> str:
    now = permission.at.astimezone(permission.zone)
    if permission.allowed:
        point = permission.contact_point
        assert point
        where = address(point.system, point.value)
        yes = _yes(permission.channel) % {"where": where, "channel": _label(permission)}
        until = permission.until and until_words(permission.until.astimezone(permission.zone), now)
        return f"{yes}, {until}" if until else yes
    if permission.next:
        when = from_words(permission.next.astimezone(permission.zone), now)
        return _not_now(permission.channel) % {"when": when, "channel": _label(permission)}
    return _no(permission)


def _yes(channel: Channel) -> str:
    match channel.key:
        case "phone":
            return gettext("Yes, call now: %(where)s")
        case "text":
            return gettext("Yes, send a text now: %(where)s")
        case "email":
            return gettext("Yes, write e-mail now: %(where)s")
        case "letter":
            return gettext("Yes, write a letter now: %(where)s")
    return gettext("Yes, by %(channel)s now: %(where)s")


def _not_now(channel: Channel) -> str:
    match channel.key:
        case "phone":
            return gettext("Not now: call %(when)s")
        case "text":
            return gettext("Not now: send a text %(when)s")
        case "email":
            return gettext("Not now: write e-mail %(when)s")
        case "letter":
            return gettext("Not now: write a letter %(when)s")
    return gettext("Not now: by %(channel)s %(when)s")


def _no(permission: Permission) -> str:
    """What the person said comes first; then there is nothing to use; then there is no time."""
    values = {"what": _what(permission.channel), "date": consent_date(permission)}
    match permission.consent.ground:
        case Ground.OPTED_OUT:
            return gettext("No: opted out of %(what)s on %(date)s") % values
        case Ground.EXPIRED:
            return gettext("No: agreed to %(what)s until %(date)s") % values
        case Ground.NOT_AGREED:
            return gettext("No: has not agreed to %(what)s") % values
        case Ground.NOT_USED:
            return gettext("No: not a way for this purpose")
    return gettext("No: at no time") if permission.contact_point else _nothing_to_use(permission.channel)


def _what(channel: Channel) -> str:
    """What one opts out of or agrees to."""
    match channel.key:
        case "phone":
            return pgettext("opted out of, agreed to", "calls")
        case "text":
            return pgettext("opted out of, agreed to", "text messages")
        case "email":
            return pgettext("opted out of, agreed to", "e-mails")
        case "letter":
            return pgettext("opted out of, agreed to", "letters")
    return words(channel.labels)


def _nothing_to_use(channel: Channel) -> str:
    match channel.key:
        case "phone":
            return gettext("No: there is no phone number")
        case "text":
            return gettext("No: there is no mobile number")
        case "email":
            return gettext("No: there is no e-mail address")
        case "letter":
            return gettext("No: there is no postal address")
    return gettext("No: nothing is known for %(channel)s") % {"channel": words(channel.labels)}


def _label(permission: Permission) -> str:
    return words(permission.channel.labels)
