"""What `may_contact` answers, by example. 25 November 2026 is a Wednesday."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.contact.may_contact import every_channel, may_contact
from portal.contact.permission import Ground, Permission
from portal.record.models import Record
from tests.unit.contact_builders import (
    CATALOGUE,
    EMAIL,
    EVERY_DAY,
    PHONE,
    SATURDAY,
    SUNDAY,
    WEEKDAYS,
    a_consent,
    a_point,
    a_window,
    alice,
    at,
    never_on,
)


def asked(record: Record, now: datetime, channel: str = "phone", purpose: str = "service") -> Permission:
    return may_contact(record, channel, purpose, now, catalogue=CATALOGUE)


def grounds(permission: Permission) -> list[Ground]:
    return [reason.ground for reason in permission.reasons]


def today(permission: Permission) -> list[str]:
    return [f"{span.start:%H:%M}-{span.end:%H:%M}" for span in permission.today]


class TestWindows:
    def test_inside_a_window_she_may_be_called_until_it_ends(self) -> None:
        answer = asked(alice(a_window()), at("2026-11-25T18:22"))

        assert answer.allowed
        assert grounds(answer) == [Ground.NO_OBJECTION, Ground.INSIDE_WINDOW]
        assert answer.contact_point == PHONE
        assert answer.until == at("2026-11-25T20:00")
        assert answer.next == answer.at
        assert today(answer) == ["17:00-20:00"]

    def test_before_it_the_next_time_is_its_start(self) -> None:
        answer = asked(alice(a_window()), at("2026-11-25T09:00"))

        assert not answer.allowed
        assert grounds(answer) == [Ground.NO_OBJECTION, Ground.OUTSIDE_WINDOWS]
        assert answer.next == at("2026-11-25T17:00")
        assert answer.until is None
        assert today(answer) == ["17:00-20:00"]

    def test_a_window_contains_its_start_and_not_its_end(self) -> None:
        record = alice(a_window())

        assert asked(record, at("2026-11-25T17:00")).allowed
        assert not asked(record, at("2026-11-25T20:00")).allowed
        assert asked(record, at("2026-11-25T19:59:59.999999")).allowed

    def test_after_friday_comes_saturday_and_after_that_monday(self) -> None:
        record = alice(a_window(), a_window(SATURDAY, "10:00-13:00"), never_on(SUNDAY))

        assert asked(record, at("2026-11-27T21:00")).next == at("2026-11-28T10:00")
        assert asked(record, at("2026-11-28T13:00")).next == at("2026-11-30T17:00")
        assert today(asked(record, at("2026-11-29T12:00"))) == []

    def test_no_window_is_any_time(self) -> None:
        answer = asked(alice(), at("2026-11-25T03:00"))

        assert answer.allowed
        assert grounds(answer)[-1] is Ground.ANY_TIME
        assert answer.until is None
        assert today(answer) == ["00:00-00:00"]

    def test_a_do_not_window_alone_leaves_the_rest_open(self) -> None:
        record = alice(never_on(SUNDAY))

        assert asked(record, at("2026-11-25T12:00")).until == at("2026-11-29T00:00")
        sunday = asked(record, at("2026-11-29T12:00"))
        assert grounds(sunday)[-1] is Ground.UNWELCOME
        assert sunday.next == at("2026-11-30T00:00")

    def test_a_do_not_window_cuts_a_do_window(self) -> None:
        record = alice(a_window(WEEKDAYS, "09:00-17:00"), never_on(WEEKDAYS, "12:00-13:00"))

        assert today(asked(record, at("2026-11-25T12:30"))) == ["09:00-12:00", "13:00-17:00"]
        assert asked(record, at("2026-11-25T10:00")).until == at("2026-11-25T12:00")
        assert asked(record, at("2026-11-25T12:30")).next == at("2026-11-25T13:00")

    def test_windows_that_touch_are_one(self) -> None:
        record = alice(a_window(WEEKDAYS, "09:00-12:00"), a_window(WEEKDAYS, "12:00-14:00"))

        assert asked(record, at("2026-11-25T10:00")).until == at("2026-11-25T14:00")

    def test_windows_over_midnight_belong_to_the_day_they_start_on(self) -> None:
        record = alice(a_window((5,), "22:00-02:00"))

        assert asked(record, at("2026-11-28T01:59")).allowed
        assert not asked(record, at("2026-11-27T01:59")).allowed
        assert today(asked(record, at("2026-11-28T12:00"))) == ["00:00-02:00"]
        assert today(asked(record, at("2026-11-27T12:00"))) == ["22:00-00:00"]

    def test_over_midnight_into_a_day_of_rest(self) -> None:
        record = alice(a_window(SATURDAY, "20:00-04:00"), never_on(SUNDAY))

        answer = asked(record, at("2026-11-28T21:00"))

        assert answer.until == at("2026-11-29T00:00")
        assert not asked(record, at("2026-11-29T01:00")).allowed

    def test_never_on_any_day_has_no_next(self) -> None:
        answer = asked(alice(never_on(EVERY_DAY)), at("2026-11-25T12:00"))

        assert (answer.allowed, answer.next, answer.today) == (False, None, ())

    def test_e_mail_has_no_hours_unless_a_window_names_it(self) -> None:
        calls_only = alice(a_window(), never_on(SUNDAY))
        office_hours = alice(a_window(hours="09:00-17:00", channel="email"))

        assert asked(calls_only, at("2026-11-29T03:00"), "email").allowed
        assert not asked(office_hours, at("2026-11-25T18:00"), "email").allowed
        assert asked(office_hours, at("2026-11-25T18:00"), "phone").allowed

    def test_a_window_for_texts_says_nothing_about_calls(self) -> None:
        record = alice(a_window(hours="09:00-17:00", channel="text"))

        assert asked(record, at("2026-11-25T20:00"), "phone").allowed
        assert not asked(record, at("2026-11-25T20:00"), "text").allowed


class TestClocks:
    def test_a_window_keeps_its_wall_clock_when_summer_time_begins(self) -> None:
        record = alice(a_window(EVERY_DAY))

        assert asked(record, at("2026-03-28T12:00")).next == datetime(2026, 3, 28, 17, tzinfo=UTC)
        assert asked(record, at("2026-03-29T12:00")).next == datetime(2026, 3, 29, 16, tzinfo=UTC)

    def test_what_the_clock_skips_in_spring_is_no_time_to_call(self) -> None:
        record = alice(a_window(SUNDAY, "01:10-01:50"))

        skipped = asked(record, at("2026-03-28T12:00"))

        assert skipped.next == at("2026-04-05T01:10")

    def test_a_window_that_begins_in_the_gap_begins_after_it(self) -> None:
        answer = asked(alice(a_window(SUNDAY, "01:30-03:00")), at("2026-03-29T00:00"))

        assert answer.next == at("2026-03-29T02:00")
        assert today(answer) == ["02:00-03:00"]

    def test_what_the_clock_shows_twice_in_autumn_is_open_twice(self) -> None:
        record = alice(a_window(SUNDAY, "01:00-01:30"))

        assert asked(record, at("2026-10-25T01:10")).until == at("2026-10-25T01:30")
        assert asked(record, at("2026-10-25T01:40")).next == at("2026-10-25T01:00", fold=1)
        assert asked(record, at("2026-10-25T01:10", fold=1)).allowed
        assert today(asked(record, at("2026-10-25T12:00"))) == ["01:00-01:30", "01:00-01:30"]

    def test_half_an_hour_of_summer_time_on_lord_howe(self) -> None:
        zone = "Australia/Lord_Howe"
        record = alice(a_window(SUNDAY, "01:30-02:00", zone=zone), zone=zone)

        answer = asked(record, at("2026-04-05T01:30", zone))

        assert answer.until is not None
        assert answer.until - answer.at == timedelta(hours=1)

    def test_the_friday_that_samoa_left_out(self) -> None:
        zone = "Pacific/Apia"
        record = alice(a_window((5,), "09:00-17:00", zone=zone), zone=zone)

        assert asked(record, at("2011-12-29T12:00", zone)).next == at("2012-01-06T09:00", zone)

    def test_a_window_is_read_on_the_clock_of_its_own_zone(self) -> None:
        record = alice(a_window(hours="17:00-20:00", zone="America/New_York"))

        answer = asked(record, at("2026-11-25T18:00"))

        assert not answer.allowed
        assert today(answer) == ["00:00-01:00", "22:00-00:00"]
        assert answer.next == at("2026-11-25T22:00")

    def test_today_is_told_in_the_persons_zone_else_in_the_windows(self) -> None:
        windows = (a_window(zone="Europe/Berlin"),)

        assert today(asked(alice(*windows), at("2026-11-25T08:00"))) == ["16:00-19:00"]
        assert today(asked(alice(*windows, zone=None), at("2026-11-25T08:00"))) == ["17:00-20:00"]
        assert today(asked(alice(*windows, zone="Europe/Nowhere"), at("2026-11-25T08:00"))) == ["17:00-20:00"]

    @pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../etc/passwd", "Europe", "a\0b", "x" * 5000])
    def test_where_a_zone_is_not_known_nobody_is_disturbed(self, name: str) -> None:
        lost, unwelcome = alice(a_window(zone=name)), alice(never_on(SUNDAY, zone=name))

        for record in (lost, unwelcome):
            answer = asked(record, at("2026-11-25T18:00"))
            assert not answer.allowed
            assert grounds(answer)[-1] is Ground.UNKNOWN_ZONE
            assert answer.next is None
        assert asked(alice(a_window(), a_window(zone=name)), at("2026-11-25T18:00")).allowed


class TestConsent:
    def test_opted_out_is_no_at_any_time(self) -> None:
        answer = asked(alice(a_window(), a_consent("opt_out", "service")), at("2026-11-25T18:00"), purpose="service")

        assert not answer.allowed
        assert answer.consent.ground is Ground.OPTED_OUT
        assert answer.consent.since == datetime(2026, 11, 3, 9, tzinfo=UTC)
        assert (answer.next, answer.today) == (None, ())

    def test_nobody_opts_out_of_what_is_needed_to_serve(self) -> None:
        answer = asked(alice(a_consent("opt_out", "service", "email")), at("2026-11-25T18:00"), "email")

        assert answer.allowed
        assert answer.consent.ground is Ground.NEEDED

    def test_opted_in_is_yes_since_then(self) -> None:
        answer = asked(alice(a_consent("opt_in")), at("2026-11-25T18:00"), purpose="offers")

        assert answer.allowed
        assert answer.consent.ground is Ground.AGREED

    @pytest.mark.parametrize("status", ["seen", "not_seen"])
    def test_silence_is_consent_only_where_none_is_needed(self, status: str) -> None:
        now = at("2026-11-25T18:00")

        assert asked(alice(a_consent(status, "offers")), now, purpose="offers").consent.ground is Ground.NOT_AGREED
        assert asked(alice(a_consent(status, "advice")), now, purpose="advice").consent.ground is Ground.NO_OBJECTION
        assert not asked(alice(), now, purpose="offers").allowed
        assert asked(alice(), now, purpose="advice").allowed

    def test_an_expired_consent_is_none(self) -> None:
        record = alice(a_consent("opt_in", until=at("2026-11-20T00:00")))

        answer = asked(record, at("2026-11-25T18:00"), purpose="offers")

        assert not answer.allowed
        assert answer.consent.ground is Ground.EXPIRED
        assert answer.consent.since == at("2026-11-20T00:00")
        assert answer.next is None

    def test_permission_ends_with_consent(self) -> None:
        record = alice(a_consent("opt_in", until=at("2026-12-24T00:00")))

        answer = asked(record, at("2026-11-25T18:00"), purpose="offers")

        assert answer.until == at("2026-12-24T00:00")

    def test_an_opt_out_that_ends_lets_in_again_in_the_next_window(self) -> None:
        record = alice(a_window(), a_consent("opt_out", "service", until=at("2026-12-24T12:00")))

        answer = asked(record, at("2026-11-25T18:00"))

        assert not answer.allowed
        assert answer.next == at("2026-12-24T17:00")

    def test_a_consent_may_begin_later_even_much_later(self) -> None:
        record = alice(a_window(), a_consent("opt_in", said=at("2027-05-01T12:00")))

        answer = asked(record, at("2026-11-25T18:00"), purpose="offers")

        assert not answer.allowed
        assert answer.next == at("2027-05-03T17:00")

    def test_dates_at_the_end_of_time_do_no_harm(self) -> None:
        record = alice(a_consent("opt_in", until=datetime(9999, 12, 31, 23, 59, tzinfo=UTC)), a_window())
        never = alice(a_consent("opt_in", said=datetime(9999, 12, 31, tzinfo=UTC)), a_window())

        assert asked(record, at("2026-11-25T18:00"), purpose="offers").allowed
        assert asked(never, at("2026-11-25T18:00"), purpose="offers").next is None


class TestReach:
    def test_without_a_contact_point_there_is_no_way(self) -> None:
        answer = asked(alice(points=[EMAIL]), at("2026-11-25T18:00"))

        assert not answer.allowed
        assert Ground.NO_CONTACT_POINT in grounds(answer)
        assert (answer.contact_point, answer.next, answer.today) == (None, None, ())

    def test_the_lowest_rank_is_called(self) -> None:
        work, home = a_point(use="work", rank=2), a_point(use="home", rank=1)

        assert asked(alice(points=[work, home]), at("2026-11-25T18:00")).contact_point == home

    def test_a_text_goes_to_a_mobile_even_where_another_number_comes_first(self) -> None:
        home, mobile = a_point(use="home", rank=1), a_point(use="mobile", rank=2)
        record = alice(points=[home, mobile])

        assert asked(record, at("2026-11-25T18:00"), "text").contact_point == mobile
        assert asked(record, at("2026-11-25T18:00"), "phone").contact_point == home


class TestAsking:
    def test_what_the_catalogue_does_not_know_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="carrier_pigeon"):
            asked(alice(), at("2026-11-25T18:00"), "carrier_pigeon")
        with pytest.raises(ValueError, match="fun"):
            asked(alice(), at("2026-11-25T18:00"), purpose="fun")

    def test_a_moment_without_a_zone_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            asked(alice(), datetime(2026, 11, 25))

    def test_all_channels_in_the_catalogues_order(self) -> None:
        answers = every_channel(alice(), "service", at("2026-11-25T18:00"), catalogue=CATALOGUE)

        assert [answer.channel.key for answer in answers] == ["email", "phone", "text", "letter"]
