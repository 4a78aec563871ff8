"""Times and days in words, in the language of the person who reads them.

A phrase that stands in a sentence is one that its place can take in every language: when something is, or what
something is about. Verbs and word order stay in the sentence.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta

from babel.lists import format_list
from markupsafe import Markup

from portal.contact.windows import Moments
from portal.formats import format_date, format_time
from portal.i18n import current_locale, gettext

MIDNIGHT = time()


def say(message: str, **values: object) -> Markup:
    """A translated message with its values, which are escaped unless they are markup."""
    return Markup(message) % values  # noqa: S704 - messages are ours


def listed(phrases: Iterable[str]) -> str:
    """`a, b and c`."""
    return format_list(list(phrases), locale=current_locale())


def date_words(moment: datetime) -> str:
    """`3 Nov 2026`."""
    return format_date(moment.date())


def hours_words(spans: Sequence[Moments]) -> Markup:
    """The hours of one day, emphasised: `between 17:00 and 20:00`, or `until 02:00 and from 22:00 on`."""
    if len(spans) == 1 and not _touches_midnight(spans[0]):
        return say(gettext("between <strong>%(start)s and %(end)s</strong>"), **_clock(spans[0]))
    return Markup(listed(dict.fromkeys(_hours(span) for span in spans)))  # noqa: S704 - made by say()


def all_day(spans: Sequence[Moments]) -> bool:
    """Whether the hours of a day are all of it."""
    return len(spans) == 1 and spans[0].start.time() == spans[0].end.time() == MIDNIGHT


def from_words(moment: datetime, now: datetime) -> str:
    """When something begins: `from 17:00 today`, `from 10:00 on Saturday`, `from Monday on`, `from 24 Dec 2026 on`."""
    day, clock = _day_words(moment, now), format_time(moment.time())
    match (moment.date() - now.date()).days, moment.time():
        case 0, _:
            return gettext("from %(time)s today") % {"time": clock}
        case 1, time(hour=0, minute=0):
            return gettext("from tomorrow on")
        case 1, _:
            return gettext("from %(time)s tomorrow") % {"time": clock}
        case _, time(hour=0, minute=0):
            return gettext("from %(day)s on") % {"day": day}
    return gettext("from %(time)s on %(day)s") % {"time": clock, "day": day}


def until_words(moment: datetime, now: datetime) -> str | None:
    """When something ends, if that is today or tomorrow: `until 20:00`, `until midnight`, `until 02:00 tomorrow`."""
    match (moment.date() - now.date()).days, moment.time():
        case 0, _:
            return gettext("until %(time)s") % {"time": format_time(moment.time())}
        case 1, time(hour=0, minute=0):
            return gettext("until midnight")
        case 1, _:
            return gettext("until %(time)s tomorrow") % {"time": format_time(moment.time())}
    return None


def _hours(span: Moments) -> Markup:
    if span.start.time() == MIDNIGHT:
        return say(gettext("until <strong>%(end)s</strong>"), **_clock(span))
    if span.end.time() == MIDNIGHT:
        return say(gettext("from <strong>%(start)s</strong> on"), **_clock(span))
    return say(gettext("from <strong>%(start)s to %(end)s</strong>"), **_clock(span))


def _touches_midnight(span: Moments) -> bool:
    return MIDNIGHT in (span.start.time(), span.end.time())


def _clock(span: Moments) -> dict[str, str]:
    return {"start": format_time(span.start.time()), "end": format_time(span.end.time())}


def _day_words(moment: datetime, now: datetime) -> str:
    """`Monday` within the week to come, else the date."""
    if moment - now < timedelta(days=6):
        return str(current_locale().days["format"]["wide"][moment.weekday()])
    return date_words(moment)
