"""Why an answer is as it is, told to an agent line by line."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from portal.catalogue.told import words
from portal.contact.permission import Ground, Permission
from portal.contact.window_words import occasion_words
from portal.contact.words import date_words, listed
from portal.formats import format_time
from portal.i18n import current_zone, gettext
from portal.record.models import ContactWindow


def times(permission: Permission) -> Iterable[str]:
    """What the windows say, those that say the same in one line."""
    for ground, reasons in groupby(permission.reasons[1:], lambda reason: reason.ground):
        windows = [reason.window for reason in reasons if reason.window]
        match ground:
            case Ground.ANY_TIME:
                yield gettext("at any time")
            case Ground.INSIDE_WINDOW:
                yield gettext("inside the window: %(when)s") % {"when": _occasions(windows)}
            case Ground.OUTSIDE_WINDOWS:
                yield gettext("outside the window: %(when)s") % {"when": _occasions(windows)}
            case Ground.UNWELCOME:
                yield gettext("please not: %(when)s") % {"when": _occasions(windows)}
            case Ground.UNKNOWN_ZONE:
                yield gettext("nobody knows this time zone: %(zone)s") % {"zone": windows[0].time_zone}


def standing(permission: Permission) -> str:
    """What the person said about the purpose."""
    values = {"purpose": words(permission.purpose.labels), "date": consent_date(permission)}
    match permission.consent.ground:
        case Ground.AGREED:
            return gettext("%(purpose)s: agreed on %(date)s") % values
        case Ground.NEEDED:
            return gettext("%(purpose)s: needed to serve") % values
        case Ground.NO_OBJECTION:
            return gettext("%(purpose)s: no objection") % values
        case Ground.OPTED_OUT:
            return gettext("%(purpose)s: no, opted out on %(date)s") % values
        case Ground.EXPIRED:
            return gettext("%(purpose)s: no, agreed until %(date)s") % values
        case Ground.NOT_USED:
            return gettext("%(purpose)s: not this way") % values
    return gettext("%(purpose)s: no, has not agreed") % values


def local_time(permission: Permission) -> Sequence[str]:
    """A word about clocks where the reader's shows another time than the person's."""
    theirs = permission.at.astimezone(permission.zone)
    if theirs.utcoffset() == permission.at.astimezone(current_zone()).utcoffset():
        return ()
    told = {"time": format_time(theirs.time()), "zone": permission.zone.key}
    return (gettext("local time there: %(time)s, %(zone)s") % told,)


def consent_date(permission: Permission) -> str:
    """The day on which the person said so, or until which it held, on their calendar."""
    since = permission.consent.since
    return date_words(since.astimezone(permission.zone)) if since else ""


def _occasions(windows: Iterable[ContactWindow]) -> str:
    return listed(occasion_words(window) for window in windows)
