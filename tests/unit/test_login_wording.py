"""Changes about logging in are told from their evidence, in both languages, also when the values are erased."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from portal.audit.entry import ERASED, GENESIS, Actor, ActorKind, Diff, Entry, Evidence
from portal.catalogue import Catalogue
from portal.catalogue.login_wording import login_phrase
from portal.catalogue.wording import describe_change
from portal.i18n import using

UNTIL = "2026-11-29T12:03:00.000000Z"


def an_entry(action: str, facts: dict[str, str | int], **personal: object) -> Entry:
    diffs = (Diff(f"logins/{uuid4()}/issuer", None, "https://login.example"),) if action == "login:linked" else ()
    evidence = Evidence(facts, personal)  # type: ignore[arg-type]  # what is erased stands there as such
    actor = Actor(ActorKind.SYSTEM, "portal", "portal")
    at = datetime(2026, 11, 22, tzinfo=UTC)
    return Entry("test", uuid4(), 2, GENESIS, at, action, actor, uuid4(), diffs, evidence)


@pytest.mark.parametrize(
    ("action", "facts", "english", "german"),
    [
        (
            "login:linked", {"basis": "invitation"},
            ("Way to log in", None, "Ally, by invitation"),
            ("Weg zur Anmeldung", None, "Ally, durch eine Einladung"),
        ),
        (
            "login:linked", {"basis": "reviewed"},
            ("Way to log in", None, "Ally, by customer care"),
            ("Weg zur Anmeldung", None, "Ally, durch den Kundenservice"),
        ),
        (
            "login:unlinked", {"basis": "removed"},
            ("Way to log in", "Ally", None),
            ("Weg zur Anmeldung", "Ally", None),
        ),
        (
            "login:refused", {"basis": "second_login"},
            ("Account that was not connected", None, "Ally, asked for by somebody who was logged in"),
            ("Nicht verbundenes Konto", None, "Ally, gewünscht durch jemanden, der angemeldet war"),
        ),
        (
            "login:invited", {"expires_at": UNTIL},
            ("Invitation to log in", None, "made, good until 29 Nov 2026, 12:03"),
            ("Einladung zur Anmeldung", None, "ausgestellt, gültig bis 29. Nov. 2026, 12:03"),
        ),
        (
            "login:uninvited", {},
            ("Invitation to log in", "open", "taken back"),
            ("Einladung zur Anmeldung", "offen", "zurückgenommen"),
        ),
    ],
    ids=["invited-in", "reviewed", "unlinked", "refused", "invited", "uninvited"],
)  # fmt: skip
def test_each_is_told(
    catalogue: Catalogue,
    action: str,
    facts: dict[str, str | int],
    english: tuple[str | None, ...],
    german: tuple[str | None, ...],
) -> None:
    entry = an_entry(action, facts, account="Ally")
    for language, expected in (("en", english), ("de", german)):
        with using(language):
            (phrase,) = describe_change(catalogue, entry)
        assert (phrase.label, phrase.old, phrase.new) == expected


def test_of_what_was_erased_only_that_it_was_is_told() -> None:
    phrase = login_phrase(an_entry("login:linked", {"basis": "invitation"}, account=ERASED))

    assert phrase is not None and phrase.new == "erased, by invitation"


def test_a_change_without_that_evidence_is_told_by_its_values(catalogue: Catalogue) -> None:
    (phrase,) = describe_change(catalogue, an_entry("login:linked", {}))

    assert (phrase.label, phrase.new) == ("Login", "connected")
    assert login_phrase(an_entry("note:added", {"basis": "x"})) is None
