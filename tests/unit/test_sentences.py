"""What `may_contact` answers, in words. 25 November 2026 is a Wednesday."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from markupsafe import Markup

from portal.catalogue.model import Catalogue, Purpose
from portal.contact.answer import Answer, State, answer
from portal.contact.lead import lead
from portal.contact.may_contact import agreed, may_contact, serving
from portal.contact.plot import plots
from portal.contact.week import Segment, week
from portal.contact.window_words import weekdays_words, window_words
from portal.i18n import using
from portal.record.models import Consent, ContactWindow, Record, WindowKind
from tests.unit.contact_builders import (
    CATALOGUE,
    EMAIL,
    EVERY_DAY,
    LETTER,
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

MORNING = "2026-11-25T09:00"
NO_MARKETING = {"en": "Nobody contacts you for marketing.", "de": "Niemand kontaktiert Sie zu Werbezwecken."}
TWO_PURPOSES = replace(CATALOGUE, purposes={key: CATALOGUE.purposes[key] for key in ("service", "offers")})
EVENINGS = (a_window(), a_window(SATURDAY, "10:00-13:00"), never_on(SUNDAY))


def sentences_for(record: Record, when: str, catalogue: Catalogue) -> list[Markup]:
    moment = at(when)
    return lead(serving(record, moment, catalogue=catalogue), agreed(record, moment, catalogue=catalogue))


def lead_words(record: Record, when: str = MORNING, language: str = "en") -> str:
    """The lead as the customer hears it, with ** around what is emphasised."""
    with using(language):
        sentences = " ".join(sentences_for(record, when, TWO_PURPOSES))
    return sentences.replace("<strong>", "**").replace("</strong>", "**")


def agent_answer(
    record: Record,
    when: str = MORNING,
    language: str = "en",
    *,
    channel: str = "phone",
    others: Iterable[str] = (),
    reader: str = "Europe/London",
) -> Answer:
    with using(language, reader):
        first, *rest = (
            may_contact(record, channel, purpose, at(when), catalogue=CATALOGUE) for purpose in ("service", *others)
        )
        return answer(first, rest)


def opted_out_of_calls(*more: ContactWindow | Consent) -> Record:
    return alice(a_consent("opt_out", "service", "phone"), *more)


class TestLead:
    @pytest.mark.parametrize(
        ("record", "when", "english", "german"),
        [
            pytest.param(
                alice(*EVENINGS),
                MORNING,
                "Today we may call you between **17:00 and 20:00**, and write e-mail at any time.",
                "Heute dürfen wir Sie zwischen **17:00 und 20:00 Uhr** anrufen und Ihnen jederzeit E-Mails schreiben.",
                id="later today",
            ),
            pytest.param(
                alice(*EVENINGS),
                "2026-11-25T18:00",
                "Today we may call you between **17:00 and 20:00**, and write e-mail at any time.",
                "Heute dürfen wir Sie zwischen **17:00 und 20:00 Uhr** anrufen und Ihnen jederzeit E-Mails schreiben.",
                id="right now",
            ),
            pytest.param(
                alice(a_window(WEEKDAYS, "09:00-17:00"), never_on(WEEKDAYS, "12:00-13:00")),
                MORNING,
                "Today we may call you from **09:00 to 12:00** and from **13:00 to 17:00**, "
                "and write e-mail at any time.",
                "Heute dürfen wir Sie von **09:00 bis 12:00 Uhr** und von **13:00 bis 17:00 Uhr** anrufen "
                "und Ihnen jederzeit E-Mails schreiben.",
                id="but for the noon rest",
            ),
            pytest.param(
                alice(a_window(EVERY_DAY, "22:00-10:00")),
                MORNING,
                "Today we may call you until **10:00** and from **22:00** on, and write e-mail at any time.",
                "Heute dürfen wir Sie bis **10:00 Uhr** und ab **22:00 Uhr** anrufen "
                "und Ihnen jederzeit E-Mails schreiben.",
                id="over midnight",
            ),
            pytest.param(
                alice(),
                MORNING,
                "We may call you and write e-mail at any time.",
                "Wir dürfen Sie jederzeit anrufen und Ihnen jederzeit E-Mails schreiben.",
                id="at any time",
            ),
            pytest.param(
                alice(*EVENINGS),
                "2026-11-25T20:00",
                "We may call you again from 17:00 tomorrow. We may write e-mail to you at any time.",
                "Anrufen dürfen wir Sie wieder morgen ab 17:00 Uhr. Wir dürfen Ihnen jederzeit E-Mails schreiben.",
                id="tomorrow",
            ),
            pytest.param(
                alice(*EVENINGS),
                "2026-11-28T14:00",
                "We may call you again from 17:00 on Monday. We may write e-mail to you at any time.",
                "Anrufen dürfen wir Sie wieder am Montag ab 17:00 Uhr. Wir dürfen Ihnen jederzeit E-Mails schreiben.",
                id="on Monday",
            ),
            pytest.param(
                alice(never_on(SUNDAY)),
                "2026-11-29T14:00",
                "We may call you again from tomorrow on. We may write e-mail to you at any time.",
                "Anrufen dürfen wir Sie wieder ab morgen. Wir dürfen Ihnen jederzeit E-Mails schreiben.",
                id="from tomorrow on",
            ),
            pytest.param(
                alice(a_consent("opt_out", "service", until=at("2026-12-24T12:00"))),
                MORNING,
                "We may call you again from 12:00 on 24 Dec 2026. We may write e-mail to you at any time.",
                "Anrufen dürfen wir Sie wieder am 24. Dez. 2026 ab 12:00 Uhr. "
                "Wir dürfen Ihnen jederzeit E-Mails schreiben.",
                id="after a date",
            ),
            pytest.param(
                opted_out_of_calls(),
                MORNING,
                "We do not call you. We may write e-mail to you at any time.",
                "Wir rufen Sie nicht an. Wir dürfen Ihnen jederzeit E-Mails schreiben.",
                id="no calls",
            ),
            pytest.param(
                alice(points=[EMAIL]),
                MORNING,
                "We have no phone number of yours. We may write e-mail to you at any time.",
                "Wir haben keine Telefonnummer von Ihnen. Wir dürfen Ihnen jederzeit E-Mails schreiben.",
                id="no phone",
            ),
            pytest.param(
                alice(*EVENINGS, points=[PHONE]),
                MORNING,
                "Today we may call you between **17:00 and 20:00**. We have no e-mail address of yours.",
                "Heute dürfen wir Sie zwischen **17:00 und 20:00 Uhr** anrufen. "
                "Wir haben keine E-Mail-Adresse von Ihnen.",
                id="no e-mail address",
            ),
            pytest.param(
                alice(*EVENINGS, a_window(hours="08:00-12:00", channel="email")),
                MORNING,
                "Today we may call you between **17:00 and 20:00**. "
                "Today we may write e-mail to you between **08:00 and 12:00**.",
                "Heute dürfen wir Sie zwischen **17:00 und 20:00 Uhr** anrufen. "
                "Heute dürfen wir Ihnen zwischen **08:00 und 12:00 Uhr** E-Mails schreiben.",
                id="hours for e-mail",
            ),
            pytest.param(
                alice(a_consent("opt_out", "service", "phone"), points=[PHONE, LETTER]),
                MORNING,
                "We reach you by text message and letter only.",
                "Wir erreichen Sie nur per SMS und Brief.",
                id="other ways",
            ),
            pytest.param(
                alice(points=[]),
                MORNING,
                "At present nobody contacts you.",
                "Zurzeit kontaktiert Sie niemand.",
                id="no way at all",
            ),
            pytest.param(
                alice(never_on(EVERY_DAY), points=[PHONE]),
                MORNING,
                "At present nobody contacts you.",
                "Zurzeit kontaktiert Sie niemand.",
                id="never",
            ),
        ],
    )
    def test_who_may_contact_you_today(self, record: Record, when: str, english: str, german: str) -> None:
        assert lead_words(record, when) == f"{english} {NO_MARKETING['en']}"
        assert lead_words(record, when, "de") == f"{german} {NO_MARKETING['de']}"

    def test_what_was_agreed_to_is_told_as_it_stands(self) -> None:
        record = alice(*EVENINGS, a_consent("opt_in", channel="email"), a_consent("opt_in", channel="phone"))

        assert lead_words(record).endswith("For “Offers and news” we may contact you by e-mail and phone.")
        assert lead_words(record, language="de").endswith(
            "Zu „Angebote und Neuigkeiten“ dürfen wir Sie per E-Mail und Telefon kontaktieren."
        )

    def test_where_one_thing_was_agreed_to_the_other_is_named(self) -> None:
        surveys = _like_offers("surveys", "Asking how we did")
        catalogue = _with_purpose(surveys)
        record = alice(a_consent("opt_in", "surveys", "email"))

        sentences = sentences_for(record, MORNING, catalogue)

        assert sentences[1:] == [
            "Nobody contacts you for “Offers and news”.",
            "For “Asking how we did” we may contact you by e-mail.",
        ]

    def test_what_the_catalogue_says_is_escaped(self) -> None:
        catalogue = _with_purpose(_like_offers("surveys", "Q&A <fast>"))
        record = alice(a_consent("opt_in", "surveys", "email"))

        *_, last = sentences_for(record, MORNING, catalogue)

        assert isinstance(last, Markup)
        assert "“Q&amp;A &lt;fast&gt;”" in last


class TestAnswer:
    def test_yes_with_the_number_and_the_end(self) -> None:
        record = alice(*EVENINGS, a_consent("opt_out", "offers"))

        told = agent_answer(record, "2026-11-25T18:22", others=["offers"])

        assert told == Answer(
            State.YES,
            "Yes, call now: +44 20 7946 0018, until 20:00",
            (
                "inside the window: weekdays 17:00–20:00",
                "Your contract and service: no objection",
                "Offers and news: no, opted out on 3 Nov 2026",
            ),
        )

    def test_the_same_in_german(self) -> None:
        record = alice(*EVENINGS, a_consent("opt_out", "offers"))

        told = agent_answer(record, "2026-11-25T18:22", "de", others=["offers"])

        assert told.headline == "Ja, jetzt anrufen: +44 20 7946 0018, bis 20:00 Uhr"
        assert told.reasons == (
            "innerhalb der Kontaktzeit: montags bis freitags 17:00–20:00 Uhr",
            "Ihr Vertrag und Service: kein Widerspruch",
            "Angebote und Neuigkeiten: nein, am 3. Nov. 2026 widersprochen",
        )

    @pytest.mark.parametrize(
        ("hours", "end"),
        [("17:00-00:00", ", until midnight"), ("17:00-02:00", ", until 02:00 tomorrow"), ("00:00-00:00", "")],
    )
    def test_the_end_is_told_where_it_is_near(self, hours: str, end: str) -> None:
        told = agent_answer(alice(a_window(EVERY_DAY, hours)), "2026-11-25T18:22")

        assert told.headline == f"Yes, call now: +44 20 7946 0018{end}"

    def test_not_now_with_the_next_time(self) -> None:
        told = agent_answer(alice(*EVENINGS))

        assert told.state is State.WAIT
        assert told.headline == "Not now: call from 17:00 today"
        assert told.reasons[0] == "outside the window: weekdays 17:00–20:00 and Saturdays 10:00–13:00"
        assert agent_answer(alice(*EVENINGS), language="de").headline == "Jetzt nicht: heute ab 17:00 Uhr anrufen"

    def test_please_not(self) -> None:
        told = agent_answer(alice(*EVENINGS), "2026-11-29T12:00")

        assert (told.headline, told.reasons[0]) == ("Not now: call from 17:00 tomorrow", "please not: Sundays")

    @pytest.mark.parametrize(
        ("record", "english", "german"),
        [
            pytest.param(
                opted_out_of_calls(),
                "No: opted out of calls on 3 Nov 2026",
                "Nein: hat Anrufen am 3. Nov. 2026 widersprochen",
                id="opted out",
            ),
            pytest.param(
                alice(points=[EMAIL]),
                "No: there is no phone number",
                "Nein: keine Telefonnummer vorhanden",
                id="no number",
            ),
            pytest.param(alice(never_on(EVERY_DAY)), "No: at no time", "Nein: zu keiner Zeit", id="never"),
        ],
    )
    def test_no_and_why(self, record: Record, english: str, german: str) -> None:
        assert agent_answer(record).state is State.NO
        assert agent_answer(record).headline == english
        assert agent_answer(record, language="de").headline == german

    @pytest.mark.parametrize(
        ("said", "headline", "reason"),
        [
            ((), "No: has not agreed to text messages", "Offers and news: no, has not agreed"),
            (
                (a_consent(channel="text", until=at("2026-11-20T12:00")),),
                "No: agreed to text messages until 20 Nov 2026",
                "Offers and news: no, agreed until 20 Nov 2026",
            ),
            (
                (a_consent(channel="text"),),
                "Yes, send a text now: +44 20 7946 0018",
                "Offers and news: agreed on 3 Nov 2026",
            ),
        ],
    )
    def test_consent_that_is_needed(self, said: tuple[Consent, ...], headline: str, reason: str) -> None:
        told = answer(may_contact(alice(*said), "text", "offers", at(MORNING), catalogue=CATALOGUE))

        assert told.headline == headline
        assert told.reasons == ("at any time", reason)

    @pytest.mark.parametrize(
        ("channel", "headline"),
        [
            ("email", "Yes, write e-mail now: alice@example.com"),
            ("letter", "Yes, write a letter now: 14 Mill Lane, Bath BA1 1AB"),
        ],
    )
    def test_other_channels_have_their_own_words(self, channel: str, headline: str) -> None:
        told = agent_answer(alice(*EVENINGS), channel=channel)

        assert told.headline == headline
        assert told.reasons == ("at any time", "Your contract and service: needed to serve")

    def test_the_first_of_several_numbers_is_called(self) -> None:
        home = a_point(value="+44 20 7946 0999", use="home", rank=0)

        assert "+44 20 7946 0999" in agent_answer(alice(points=[PHONE, home])).headline

    def test_a_zone_that_nobody_knows_is_named(self) -> None:
        told = agent_answer(alice(a_window(zone="Europe/Nowhere")))

        assert told.state is State.NO
        assert told.reasons[0] == "nobody knows this time zone: Europe/Nowhere"

    def test_an_agent_elsewhere_is_told_the_local_time(self) -> None:
        told = agent_answer(alice(*EVENINGS), reader="Europe/Berlin")

        assert told.reasons[-1] == "local time there: 09:00, Europe/London"


class TestWindows:
    @pytest.mark.parametrize(
        ("window", "english", "german"),
        [
            (a_window(), "weekdays 17:00–20:00", "montags bis freitags 17:00–20:00 Uhr"),
            (a_window(SATURDAY, "10:00-13:00"), "Saturdays 10:00–13:00", "samstags 10:00–13:00 Uhr"),
            (a_window((6, 7), "00:00-00:00"), "weekends", "am Wochenende"),
            (a_window(EVERY_DAY, "22:00-02:00"), "every day 22:00–02:00", "täglich 22:00–02:00 Uhr"),
            (never_on(SUNDAY), "never on Sundays", "sonntags nie"),
            (never_on(SUNDAY, "10:00-12:00"), "not on Sundays 10:00–12:00", "nicht sonntags 10:00–12:00 Uhr"),
            (never_on(EVERY_DAY, "12:00-13:00"), "never 12:00–13:00", "nie 12:00–13:00 Uhr"),
            (never_on(EVERY_DAY), "never", "nie"),
        ],
    )
    def test_a_window_in_words(self, window: ContactWindow, english: str, german: str) -> None:
        assert window_words(window) == english
        with using("de"):
            assert window_words(window) == german

    @pytest.mark.parametrize(
        ("days", "words"),
        [
            ((1, 2, 3, 4), "Mondays to Thursdays"),
            ((1, 3, 5), "Mondays, Wednesdays and Fridays"),
            ((1, 2), "Mondays and Tuesdays"),
            ((1, 2, 3, 7), "Mondays to Wednesdays and Sundays"),
        ],
    )
    def test_days_in_words(self, days: tuple[int, ...], words: str) -> None:
        assert weekdays_words(days) == words


class TestWeek:
    def test_bars_of_each_day(self) -> None:
        days = week(EVENINGS)

        assert days[1] == days[5] == (Segment(1020, 1200, WindowKind.DO),)
        assert days[6] == (Segment(600, 780, WindowKind.DO),)
        assert days[7] == (Segment(0, 1440, WindowKind.DO_NOT),)

    def test_over_midnight_is_two_bars_and_sunday_goes_into_monday(self) -> None:
        days = week([a_window(SUNDAY, "22:00-02:00")])

        assert days[7] == (Segment(1320, 1440, WindowKind.DO),)
        assert days[1] == (Segment(0, 120, WindowKind.DO),)

    def test_do_not_is_drawn_over_do(self) -> None:
        days = week([a_window(WEEKDAYS, "09:00-17:00"), never_on((1,), "12:00-13:00")])

        assert days[1] == (
            Segment(540, 720, WindowKind.DO),
            Segment(720, 780, WindowKind.DO_NOT),
            Segment(780, 1020, WindowKind.DO),
        )

    def test_a_plot_says_in_words_what_it_shows_and_when_it_is_now(self) -> None:
        (plot,) = plots(EVENINGS, at("2026-11-25T18:22"), catalogue=CATALOGUE)

        assert plot.title == "When to call or text"
        assert plot.summary == "Welcome: weekdays 17:00–20:00 and Saturdays 10:00–13:00. Not welcome: Sundays."
        assert (plot.zone, plot.today, plot.now) == ("Europe/London", 3, 18 * 60 + 22)

    def test_a_plot_for_each_channel_and_zone(self) -> None:
        windows = [
            a_window(channel="phone"),
            a_window(channel="email", zone="Europe/Nowhere"),
            a_window(),
            a_window(zone="Europe/Berlin"),
            a_window(SATURDAY),
        ]

        drawn = plots(windows, at(MORNING), catalogue=CATALOGUE)

        assert [(plot.title, plot.zone) for plot in drawn] == [
            ("When to write e-mail", "Europe/Nowhere"),
            ("When to call or text", "Europe/Berlin"),
            ("When to call", "Europe/London"),
            ("When to text", "Europe/London"),
        ]
        assert drawn[0].now is None

    def test_a_channels_plot_shows_what_was_said_of_every_channel_too(self) -> None:
        (calls, texts) = plots([a_window(channel="phone"), never_on((7,))], at(MORNING), catalogue=CATALOGUE)

        assert calls.summary == "Welcome: weekdays 17:00–20:00. Not welcome: Sundays."
        assert texts.summary == "Not welcome: Sundays."


def _like_offers(key: str, name: str) -> Purpose:
    return replace(CATALOGUE.purposes["offers"], key=key, labels={"en": name})


def _with_purpose(purpose: Purpose) -> Catalogue:
    return replace(CATALOGUE, purposes={**TWO_PURPOSES.purposes, purpose.key: purpose})
