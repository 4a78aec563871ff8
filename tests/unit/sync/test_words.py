"""A change record as one line among the notes of a CRM."""

from dataclasses import replace
from uuid import uuid4

import pytest

from portal import clock
from portal.audit.entry import Diff
from portal.audit.values import Value
from portal.catalogue import Catalogue
from portal.crm.port import TimelineEntry
from portal.i18n import using
from portal.record.flat import unflatten
from portal.sync.words import LONGEST, summary_text, timeline_text
from tests.builders import a_consent, a_window


def an_entry(*diffs: Diff, kind: str = "customer", name: str | None = None, **lost: str) -> TimelineEntry:
    return TimelineEntry(
        id=f"{uuid4()}/2",
        seq=2,
        at=clock.now(),
        action="profile:changed",
        actor_kind=kind,
        actor_id="018f0000-0000-7000-8000-00000000face",
        actor_name=name,
        via="portal" if kind == "customer" else "crm:salesforce",
        diffs=diffs,
        lost={f"profile/{key}": value for key, value in lost.items()},
    )


def said(catalogue: Catalogue, entry: TimelineEntry, **state: Value) -> str:
    return timeline_text(catalogue, entry, "Alice Marsh", state)


def test_it_says_who_what_and_what_was_before(catalogue: Catalogue) -> None:
    entry = an_entry(Diff("profile/language", "en", "de"))
    assert said(catalogue, entry) == "Alice Marsh: Preferred language: German (before: English)"
    with using("de"):
        assert said(catalogue, entry) == "Alice Marsh: Bevorzugte Sprache: Deutsch (vorher: Englisch)"


def test_a_window_is_told_as_a_person_says_it(catalogue: Catalogue) -> None:
    path = f"contact_windows/{uuid4()}"
    values: dict[str, Value] = {
        "kind": "do",
        "channel": "phone",
        "weekdays": [1, 2, 3, 4, 5],
        "start": "17:00",
        "end": "20:00",
        "time_zone": "Europe/London",
    }
    entry = an_entry(*(Diff(f"{path}/{name}", None, value) for name, value in values.items()))
    assert said(catalogue, entry) == "Alice Marsh: Contact window: welcome, Mon–Fri, 17:00–20:00, Phone"


def test_what_is_removed_is_told_with_what_it_was(catalogue: Catalogue) -> None:
    entry = an_entry(Diff("profile/call_me", "Al", None))
    assert said(catalogue, entry) == "Alice Marsh: Call me: removed (before: Al)"


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("login:linked", "Alice Marsh: Way to log in: connected"),
        ("login:unlinked", "Alice Marsh: Way to log in: removed (before: connected)"),
        ("login:refused", "Alice Marsh: Account that asked to be connected: refused"),
        ("login:invited", "Alice Marsh: Invitation to log in: made"),
        ("login:uninvited", "Alice Marsh: Invitation to log in: taken back (before: open)"),
    ],
)
def test_what_became_of_a_login_is_told_without_the_account(catalogue: Catalogue, action: str, words: str) -> None:
    subject = Diff(f"logins/{uuid4()}/subject", None, "alice@example.com")
    entry = replace(an_entry(*([subject] if action == "login:linked" else [])), action=action)
    assert said(catalogue, entry) == words


def test_an_agent_is_named_and_several_things_stand_in_one_line(catalogue: Catalogue) -> None:
    entry = an_entry(
        Diff("profile/account_tier", None, "business"), Diff("profile/language", "en", "fr"), kind="agent", name="Omar"
    )
    assert said(catalogue, entry).startswith("Omar, customer care: ")
    assert "; " in said(catalogue, entry)


def test_what_somebody_put_into_the_crm_and_does_not_stand_is_said(catalogue: Catalogue) -> None:
    entry = an_entry(kind="agent", name="Omar", language="fr")
    assert said(catalogue, entry) == (
        "Omar, customer care: Preferred language: “French” was put into the CRM and does not stand"
    )


def test_what_somebody_emptied_there_is_said(catalogue: Catalogue) -> None:
    entry = an_entry(kind="agent", name="Omar", language="null")
    assert said(catalogue, entry).endswith("Preferred language: was emptied in the CRM, and that does not stand")


def test_it_stays_one_line_of_bearable_length(catalogue: Catalogue) -> None:
    text = said(catalogue, an_entry(Diff("profile/call_me", None, "x" * 5_000)))
    assert len(text) == LONGEST
    assert text.endswith("…")


@pytest.mark.parametrize("kind", ["customer", "agent", "auditor", "operator", "system"])
def test_every_kind_of_actor_has_words(catalogue: Catalogue, kind: str) -> None:
    assert said(catalogue, an_entry(Diff("profile/language", "en", "de"), kind=kind)).endswith(
        "German (before: English)"
    )


def test_a_summary_says_how_and_when(catalogue: Catalogue) -> None:
    state = {"customer/number": "1"} | a_window() | a_consent("offers", "email", "opt_out")
    record = unflatten(state, id=uuid4(), seq=2, said={})
    assert summary_text(catalogue, record).splitlines() == [
        "Phone: welcome, Mon–Fri, 17:00–20:00, Europe/London",
        "Offers and news: E-mail: opted out",
    ]
