"""What a customer reads first: who may contact them today, and what for."""

from collections.abc import Sequence

from markupsafe import Markup

from portal.catalogue.model import Channel, Purpose
from portal.catalogue.told import words
from portal.contact.permission import Permission
from portal.contact.spans import Span
from portal.contact.windows import Moments
from portal.contact.words import all_day, from_words, hours_words, listed, say
from portal.i18n import gettext, pgettext


def lead(serving: Sequence[Permission], agreed: Sequence[tuple[Purpose, Sequence[Channel]]]) -> list[Markup]:
    """The sentences, from what `may_contact` knows at one moment.

    Args:
        serving: the first ones are about serving the customer, by phone and e-mail, and by other ways where these are
            closed.
        agreed: the last ones are about what rests on consent.
    """
    return [*(_serving(serving) if serving else []), *_asking(agreed)]


def _serving(group: Sequence[Permission]) -> list[Markup]:
    ways = {permission.channel.key: permission for permission in group}
    call, mail = ways.get("phone"), ways.get("email")
    if not any(way and way.next for way in (call, mail)):
        return [_otherwise(group)]
    if call and mail and _to_come(call) and all_day(_to_come(mail)):
        if all_day(_to_come(call)):
            return [say(gettext("We may call you and write e-mail at any time."))]
        hours = hours_words(_to_come(call))
        return [say(gettext("Today we may call you %(hours)s, and write e-mail at any time."), hours=hours)]
    return [*([_calling(call)] if call else []), *([_writing(mail)] if mail else [])]


def _calling(call: Permission) -> Markup:
    hours = _to_come(call)
    if all_day(hours):
        return say(gettext("We may call you at any time."))
    if hours:
        return say(gettext("Today we may call you %(hours)s."), hours=hours_words(hours))
    if call.next:
        return say(gettext("We may call you again %(when)s."), when=_again(call))
    if not call.contact_point:
        return say(gettext("We have no phone number of yours."))
    return say(gettext("We do not call you."))


def _writing(mail: Permission) -> Markup:
    hours = _to_come(mail)
    if all_day(hours):
        return say(gettext("We may write e-mail to you at any time."))
    if hours:
        return say(gettext("Today we may write e-mail to you %(hours)s."), hours=hours_words(hours))
    if mail.next:
        return say(gettext("We may write e-mail to you again %(when)s."), when=_again(mail))
    if not mail.contact_point:
        return say(gettext("We have no e-mail address of yours."))
    return say(gettext("We do not write e-mail to you."))


def _otherwise(group: Sequence[Permission]) -> Markup:
    """Neither by phone nor by e-mail, now or in sight."""
    open_ways = [permission.channel for permission in group if permission.next]
    if not open_ways:
        return say(gettext("At present nobody contacts you."))
    return say(gettext("We reach you by %(ways)s only."), ways=listed(map(_way, open_ways)))


def _asking(agreed: Sequence[tuple[Purpose, Sequence[Channel]]]) -> list[Markup]:
    """What was agreed to, and whether that is all."""
    if agreed and not any(channels for _purpose, channels in agreed):
        return [say(gettext("Nobody contacts you for marketing."))]
    return [_asking_for(words(purpose.labels), channels) for purpose, channels in agreed]


def _asking_for(purpose: str, channels: Sequence[Channel]) -> Markup:
    if channels:
        message = gettext("For “%(purpose)s” we may contact you by %(ways)s.")
        return say(message, purpose=purpose, ways=listed(map(_way, channels)))
    return say(gettext("Nobody contacts you for “%(purpose)s”."), purpose=purpose)


def _way(channel: Channel) -> str:
    """A channel as it stands after `by`."""
    match channel.key:
        case "phone":
            return pgettext("by", "phone")
        case "text":
            return pgettext("by", "text message")
        case "email":
            return pgettext("by", "e-mail")
        case "letter":
            return pgettext("by", "letter")
    return words(channel.labels)


def _to_come(permission: Permission) -> list[Moments]:
    """The hours of today that are not over; those that have begun are told whole."""
    return [Span(*span) for span in permission.today if span.end > permission.at]


def _again(permission: Permission) -> str:
    assert permission.next
    return from_words(permission.next.astimezone(permission.zone), permission.at.astimezone(permission.zone))
