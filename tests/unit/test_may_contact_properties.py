"""`may_contact` against a reference that walks through the minutes, and the laws that hold for every record."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.contact.answer import State, answer
from portal.contact.lead import lead
from portal.contact.may_contact import agreed, may_contact, serving
from portal.contact.permission import Permission
from portal.contact.week import week
from portal.i18n import using
from portal.record.models import Consent, ConsentStatus, ContactWindow, Record, WindowKind
from tests.unit import contact_reference as reference
from tests.unit.contact_builders import CATALOGUE, EMAIL, PHONE, a_consent, alice
from tests.unit.contact_reference import MINUTE, minutes

ZONES = (
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",  # a quarter of an hour off
    "Pacific/Apia",  # left out 30 December 2011
    "Africa/Casablanca",  # winter time in Ramadan
    "America/St_Johns",  # until 2011 clocks went back over midnight
)
IN_SIGHT = timedelta(days=8)
HOUR = timedelta(hours=1)

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no mistake."""


@cache
def clock_changes(zone: str) -> tuple[datetime, ...]:
    """The hours before which this zone's clock changed, in the years around a skipped day and in recent ones."""
    changes = []
    for year in (2010, 2011, 2026):
        hours = [datetime(year, 1, 1, tzinfo=UTC) + n * HOUR for n in range(366 * 24)]
        offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
        changes += [hours[n] for n in range(1, len(hours)) if offsets[n] != offsets[n - 1]]
    return tuple(changes) or (datetime(2026, 6, 1, tzinfo=UTC),)


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    """Some minute, most often within three days of a change of clocks."""
    if draw(st.integers(0, 3)) == 0:
        start, reach = datetime(2026, 1, 1, tzinfo=UTC), 365 * 1440
    else:
        start, reach = draw(st.sampled_from(ZONES).map(clock_changes).flatmap(st.sampled_from)), 3 * 1440
    return start + draw(st.integers(-reach, reach)) * MINUTE


times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 0, 0, 15, 30, 59)))
windows = st.builds(
    ContactWindow,
    id=st.uuids(),
    kind=st.sampled_from(WindowKind),
    channel=st.sampled_from((None, None, "phone", "email")),
    weekdays=st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days))),
    start=times,
    end=times,
    time_zone=st.sampled_from((*ZONES, "Europe/London", "Europe/London", "Europe/London", "Europe/Nowhere")),
)
channels = st.sampled_from(("phone", "phone", "phone", "email"))
purposes = st.sampled_from(("service", "service", "offers", "advice"))


@st.composite
def consents(draw: st.DrawFn, near: datetime) -> Consent:
    """What Alice said about offers, for a time that begins and perhaps ends around a moment."""
    start = near + draw(st.integers(-3 * 1440, 3 * 1440)) * MINUTE
    end = draw(st.none() | st.integers(-1440, 4 * 1440).map(lambda m: start + m * MINUTE))
    status = draw(st.sampled_from(ConsentStatus))
    return a_consent(status.value, draw(purposes), draw(channels), said=start, until=end)


@st.composite
def questions(draw: st.DrawFn) -> tuple[Record, str, str, datetime]:
    """A record, a channel, a purpose and a moment."""
    now = draw(moments())
    said = {(c.purpose, c.channel): c for c in draw(st.lists(consents(now), max_size=3))}
    record = alice(
        *draw(st.lists(windows, max_size=4)),
        *said.values(),
        points=draw(st.sampled_from(((PHONE, EMAIL), (PHONE, EMAIL), (PHONE, EMAIL), (PHONE,)))),
        zone=draw(st.sampled_from((*ZONES, None))),
    )
    return record, draw(channels), draw(purposes), now


def asked(record: Record, channel: str, purpose: str, now: datetime) -> Permission:
    return may_contact(record, channel, purpose, now, catalogue=CATALOGUE)


@unhurried
@given(questions(), st.timedeltas(timedelta(), MINUTE - timedelta(microseconds=1)))
def test_the_answer_is_that_of_the_reference(question: tuple[Record, str, str, datetime], seconds: timedelta) -> None:
    record, channel, purpose, now = question

    answer = asked(record, channel, purpose, now + seconds)

    assert answer.allowed == reference.allowed(record, channel, purpose, now, CATALOGUE)


@unhurried
@given(questions())
def test_walking_through_the_minutes_finds_the_same_end_and_the_same_beginning(
    question: tuple[Record, str, str, datetime],
) -> None:
    record, channel, purpose, now = question

    answer = asked(record, channel, purpose, now)

    change = next(
        (
            minute
            for minute in minutes(now, now + IN_SIGHT)
            if reference.allowed(record, channel, purpose, minute, CATALOGUE) != answer.allowed
        ),
        None,
    )
    promised = answer.until if answer.allowed else answer.next
    if change is None:
        assert promised is None or promised >= now + IN_SIGHT
    else:
        assert promised == change


@unhurried
@given(questions())
def test_today_holds_the_permitted_minutes_of_the_persons_day(
    question: tuple[Record, str, str, datetime],
) -> None:
    record, channel, purpose, now = question

    answer = asked(record, channel, purpose, now)

    told = [minute for span in answer.today for minute in minutes(span.start.astimezone(UTC), span.end.astimezone(UTC))]
    assert told == [
        minute
        for minute in reference.day_of(now, answer.zone)
        if reference.allowed(record, channel, purpose, minute, CATALOGUE)
    ]


@unhurried
@given(questions())
def test_what_is_promised_is_kept(question: tuple[Record, str, str, datetime]) -> None:
    record, channel, purpose, now = question

    answer = asked(record, channel, purpose, now)

    assert answer.allowed == (answer.next == now)
    if answer.until:
        assert answer.until > now
        assert not asked(record, channel, purpose, answer.until).allowed
        assert asked(record, channel, purpose, answer.until - timedelta(microseconds=1)).allowed
    if answer.next and answer.next > now:
        assert asked(record, channel, purpose, answer.next).allowed
        assert not asked(record, channel, purpose, answer.next - timedelta(microseconds=1)).allowed


@unhurried
@given(questions(), windows)
def test_one_more_do_not_never_permits_more(question: tuple[Record, str, str, datetime], window: ContactWindow) -> None:
    record, channel, purpose, now = question
    more = _with(record, replace(window, kind=WindowKind.DO_NOT))

    assert asked(record, channel, purpose, now).allowed or not asked(more, channel, purpose, now).allowed


@unhurried
@given(questions(), windows, windows)
def test_one_more_do_permits_more_where_a_do_was_already(
    question: tuple[Record, str, str, datetime], first: ContactWindow, second: ContactWindow
) -> None:
    """The first one may do the opposite: it closes all other hours."""
    record, channel, purpose, now = question
    one = _with(record, replace(first, kind=WindowKind.DO, channel=channel))
    two = _with(one, replace(second, kind=WindowKind.DO))

    assert asked(two, channel, purpose, now).allowed or not asked(one, channel, purpose, now).allowed


@unhurried
@given(questions())
def test_an_opt_out_always_holds_unless_the_channel_is_needed_to_serve(
    question: tuple[Record, str, str, datetime],
) -> None:
    record, channel, purpose, now = question
    out = replace(record, consents=(a_consent("opt_out", purpose, channel, said=now - timedelta(days=3)),))

    answer = asked(out, channel, purpose, now)

    if channel not in CATALOGUE.purposes[purpose].locked:
        assert (answer.allowed, answer.next, answer.today) == (False, None, ())


@unhurried
@given(questions(), st.sampled_from(ZONES))
def test_the_zone_in_which_one_asks_does_not_matter(question: tuple[Record, str, str, datetime], zone: str) -> None:
    record, channel, purpose, now = question

    assert asked(record, channel, purpose, now) == asked(record, channel, purpose, now.astimezone(ZoneInfo(zone)))


@unhurried
@given(questions(), st.sampled_from(("en", "de")))
def test_every_answer_can_be_told(question: tuple[Record, str, str, datetime], language: str) -> None:
    record, channel, purpose, now = question

    with using(language, "Europe/Berlin"):
        told_of = serving(record, now, catalogue=CATALOGUE), agreed(record, now, catalogue=CATALOGUE)
        sentences = lead(*told_of)
        told = answer(asked(record, channel, purpose, now))

    for words in (*sentences, told.headline, *told.reasons):
        assert words
        assert "%" not in words
    assert (told.state is State.YES) == asked(record, channel, purpose, now).allowed


@unhurried
@given(st.lists(windows, max_size=4))
def test_a_week_shows_each_minute_as_the_windows_say(some: list[ContactWindow]) -> None:
    drawn = {
        (weekday, minute): bar.kind
        for weekday, bars in week(some).items()
        for bar in bars
        for minute in range(bar.start, bar.end)
    }

    said = {
        (weekday, hour * 60 + minute): kind
        for kind in (WindowKind.DO, WindowKind.DO_NOT)  # the second overrules the first
        for window in some
        if window.kind is kind
        for weekday, hour, minute in reference.minutes_of_week(window.weekdays, window.start, window.end)
    }
    assert drawn == said


def _with(record: Record, window: ContactWindow) -> Record:
    return replace(record, contact_windows=(*record.contact_windows, replace(window, id=uuid4())))
