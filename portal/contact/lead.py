"""What a customer reads first: who may contact them today, and what for."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from portal.catalogue.model import Channel, LawfulBasis
from portal.contact.permission import Permission
from portal.contact.spans import Span
from portal.contact.windows import Moments
from portal.contact.words import all_day, from_words, hours_words, label, listed, say
from portal.i18n import gettext, pgettext


def lead(permissions: Mapping[str, Sequence[Permission]]) -> list[Markup]:
    """The sentences, from the answers for every purpose (`every_purpose`) at one moment.

    The first ones are about serving the customer (the first purpose that needs no consent), by phone and e-mail, and by
    other ways where these are closed; the last ones about what rests on consent.
    """
    answers = list(permissions.values())
    needs_none = [group for group in answers if group and not _rests_on_consent(group)]
    needs_consent = [group for group in answers if group and _rests_on_consent(group)]
    return [*(_serving(needs_none[0]) if needs_none else []), *_asking(needs_consent)]


def _rests_on_consent(group: Sequence[Permission]) -> bool:
    return group[0].purpose.lawful_basis is LawfulBasis.CONSENT


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


def _asking(groups: Sequence[Sequence[Permission]]) -> list[Markup]:
    """What was agreed to, and whether that is all."""
    if groups and not any(_agreed(group) for group in groups):
        return [say(gettext("Nobody contacts you for marketing."))]
    return [_asking_for(group) for group in groups]


def _asking_for(group: Sequence[Permission]) -> Markup:
    purpose = label(group[0].purpose.labels)
    if ways := [_way(permission.channel) for permission in _agreed(group)]:
        message = gettext("For “%(purpose)s” we may contact you by %(ways)s.")
        return say(message, purpose=purpose, ways=listed(ways))
    return say(gettext("Nobody contacts you for “%(purpose)s”."), purpose=purpose)


def _agreed(group: Sequence[Permission]) -> list[Permission]:
    """Where consent is in force, whatever the hour."""
    return [permission for permission in group if permission.consent.permits]


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
    return label(channel.labels)


def _to_come(permission: Permission) -> list[Moments]:
    """The hours of today that are not over; those that have begun are told whole."""
    return [Span(*span) for span in permission.today if span.end > permission.at]


def _again(permission: Permission) -> str:
    assert permission.next
    return from_words(permission.next.astimezone(permission.zone), permission.at.astimezone(permission.zone))
