"""What a change did, in words."""

import pytest

from portal import i18n
from portal.audit.entry import ERASED, Actor, ActorKind, Diff
from portal.audit.values import Value
from portal.catalogue import Catalogue, load
from portal.catalogue.naming import path_name, value_name
from portal.catalogue.told import kept_value
from portal.catalogue.wording import Phrase, describe, for_customer, who
from portal.formats import zone_name
from portal.paths import resource

POINT, WINDOW, NOTE = "contact_points/p/", "contact_windows/w/", "notes/n/"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(resource("catalogue.toml"))


def came(prefix: str, **values: Value) -> list[Diff]:
    return [Diff(prefix + name, None, value) for name, value in values.items()]


def went(prefix: str, **values: Value) -> list[Diff]:
    return [Diff(prefix + name, value, None) for name, value in values.items()]


A_NUMBER: dict[str, Value] = {"system": "phone", "value": "+442079460018", "use": "mobile", "rank": 1}
EVENINGS: dict[str, Value] = {
    "kind": "do", "channel": "phone", "weekdays": [1, 2, 3, 4, 5], "start": "17:00", "end": "20:00",
    "time_zone": "Europe/London",
}  # fmt: skip


@pytest.mark.parametrize(
    ("diffs", "phrases"),
    [
        ([Diff("profile/language", "en", "de")], [Phrase("Preferred language", "English", "German")]),
        ([Diff("profile/helps_me", None, ["text_first", "extra_time"])],
         [Phrase("Helps me", None, "a text before you call, extra time")]),
        ([Diff("profile/customer_since", "2020-02-01", None)], [Phrase("Customer since", "1 Feb 2020", None)]),
        (came(POINT, **A_NUMBER), [Phrase("Phone number", None, "+44 20 7946 0018, mobile")]),
        (went(POINT, **A_NUMBER), [Phrase("Phone number", "+44 20 7946 0018, mobile", None)]),
        ([Diff(POINT + "use", "mobile", "work")], [Phrase("Contact point, where", "mobile", "at work")]),
        ([Diff(POINT + "rank", 2, 1)], [Phrase("Contact point, place in the order", "2", "1")]),
        (came(WINDOW, **EVENINGS), [Phrase("Contact window", None, "welcome, Mon–Fri, 17:00–20:00, Phone")]),
        ([Diff(WINDOW + "weekdays", [1, 2], [6]), Diff(WINDOW + "channel", "phone", None)],
         [Phrase("Contact window, days", "Mon, Tue", "Sat"),
          Phrase("Contact window, channel", "Phone", "calls and messages")]),
        ([Diff("consents/offers/email/status", "opt_in", "opt_out"),
          Diff("consents/offers/email/capture_date", "2026-01-01T00:00:00Z", "2026-11-22T00:00:00Z")],
         [Phrase("Offers and news: E-mail", "agreed", "opted out")]),
        ([Diff("consents/offers/email/notice_version", "1", "2")],
         [Phrase("Offers and news: E-mail, version of the text shown", "1", "2")]),
        (came(NOTE, kind="note", body="Please knock.", author="Alice Marsh"), [Phrase("Note", None, "Please knock.")]),
        (came(NOTE, kind="answer", body="We will.", author="Grace"), [Phrase("Answer", None, "We will.")]),
        ([Diff("customer/number", None, "20418")], [Phrase("Customer number", None, "20418")]),
        # What the catalogue no longer knows is told by its key
        ([Diff("profile/shoe_size", None, "41")], [Phrase("shoe_size", None, "41")]),
        ([Diff("consents/raffles/pigeon/status", None, "opt_in")], [Phrase("raffles: pigeon", None, "agreed")]),
    ],
)  # fmt: skip
def test_a_change_in_words(catalogue: Catalogue, diffs: list[Diff], phrases: list[Phrase]) -> None:
    assert describe(catalogue, diffs) == phrases


def test_what_is_known_of_now_tells_what_an_item_is(catalogue: Catalogue) -> None:
    state: dict[str, Value] = {POINT + "system": "email", NOTE + "kind": "answer"}
    diffs = [Diff(POINT + "value", "a@example.com", "b@example.com"), Diff(NOTE + "body", "No.", "Yes.")]

    assert [phrase.label for phrase in describe(catalogue, diffs, state=state)] == ["E-mail address", "Answer"]


def test_of_what_was_erased_only_that_it_was_there_is_told(catalogue: Catalogue) -> None:
    erased: Value = ERASED  # type: ignore[assignment]  # what `unseal` gives without a key
    diffs = [*came(POINT, system=erased, value=erased, use=erased), Diff("profile/language", None, erased)]

    assert describe(catalogue, diffs) == [
        Phrase("Contact point", None, "erased"),
        Phrase("Preferred language", None, "erased"),
    ]


def test_in_german(catalogue: Catalogue) -> None:
    with i18n.using("de"):
        assert describe(catalogue, [Diff("profile/language", "en", "de")]) == [
            Phrase("Bevorzugte Sprache", "Englisch", "Deutsch")
        ]


@pytest.mark.asvs("15.3.1")
def test_customers_are_told_nothing_hidden(catalogue: Catalogue) -> None:
    diffs = [
        Diff("profile/internal_remark", None, "x"),
        Diff("profile/gone", None, "x"),
        Diff("profile/call_me", None, "A"),
    ]

    assert for_customer(catalogue, diffs) == diffs[2:]


def test_paths_and_values_by_themselves(catalogue: Catalogue) -> None:
    assert path_name(catalogue, "contact_windows/w/start") == "Contact window, from"
    assert path_name(catalogue, "consents/offers/email/status") == "Offers and news: E-mail"
    assert value_name(catalogue, "contact_points/p/value", "+442079460018") == "+44 20 7946 0018"
    assert value_name(catalogue, "contact_windows/w/time_zone", "Europe/London") == "London"
    assert value_name(catalogue, "profile/call_me", None) is None


@pytest.mark.parametrize(
    ("actor", "reader", "name", "words"),
    [
        (Actor(ActorKind.CUSTOMER, "1", "portal"), ActorKind.CUSTOMER, None, "You"),
        (Actor(ActorKind.CUSTOMER, "1", "portal"), ActorKind.AGENT, None, "The customer"),
        (Actor(ActorKind.AGENT, "1", "desk"), ActorKind.CUSTOMER, "Grace Okafor", "Grace Okafor, customer care"),
        (Actor(ActorKind.AGENT, "1", "crm:embedded"), ActorKind.CUSTOMER, None, "Customer care"),
        (Actor(ActorKind.SYSTEM, "embedded", "crm:embedded"), ActorKind.CUSTOMER, None, "The CRM"),
        (Actor(ActorKind.SYSTEM, "import", "cli"), ActorKind.CUSTOMER, None, "The portal"),
        (Actor(ActorKind.OPERATOR, "1", "cli"), ActorKind.AUDITOR, "Olivia Brandt", "Olivia Brandt, operator"),
        (Actor(ActorKind.AUDITOR, "1", "audit"), ActorKind.CUSTOMER, "Oscar Lindqvist", "Oscar Lindqvist, auditor"),
        (Actor(ActorKind.AUDITOR, "1", "audit"), ActorKind.CUSTOMER, None, "An auditor"),
    ],
)
def test_who_it_was(actor: Actor, reader: ActorKind, name: str | None, words: str) -> None:
    assert who(actor, reader=reader, name=name) == words


@pytest.mark.parametrize(
    ("kept", "value"),
    [("Bell.", "Bell."), ("12", "12"), ("true", True), ('["a", "b"]', ["a", "b"]), ("null", None)],
)
def test_what_evidence_keeps_is_read_as_the_value_that_it_was(kept: str, value: object) -> None:
    assert kept_value(kept) == value


def test_a_time_zone_is_told_by_its_place_and_one_that_nobody_knows_by_its_own_name() -> None:
    with i18n.using("de"):
        assert [zone_name(key) for key in ("Europe/Rome", "UTC", "Mars/Base", "")] == ["Rom", "UTC", "Mars/Base", ""]
