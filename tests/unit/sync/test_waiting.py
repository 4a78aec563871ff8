"""Why a CRM does not have a change, from what is known of both; and what each reader is told."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal import clock
from portal.audit.entry import ActorKind
from portal.crm.said import Own
from portal.i18n import using
from portal.record.delivery import Delivery
from portal.sync.waiting import STUCK, Waiting, stops, waiting
from portal.sync.waiting_words import Line, where

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
BEFORE, SOON = NOW - A_MINUTE, NOW + A_MINUTE

BEHIND = Delivery(
    connector="salesforce",
    label="Salesforce",
    desired_seq=3,
    synced_seq=2,
    status="synced",
    attempts=0,
    wanted="record",
    wanted_at=None,
    confirmed_at=None,
    says=None,
    due=True,
    added_at=NOW - timedelta(days=9),
    since=BEFORE,
    paused_at=None,
    silent_since=None,
    tried_at=None,
    rests_until=None,
    alive=True,
    served=True,
)

GATE: dict[str, Any] = {"paused_at": BEFORE, "silent_since": BEFORE, "tried_at": SOON, "rests_until": SOON}
NOBODY: dict[str, Any] = {"alive": False, "served": False}
SAYS = "FIELD_CUSTOM_VALIDATION_EXCEPTION: bob@example.com has this number"
PARKED: dict[str, Any] = {"status": "parked", "due": False, "says": SAYS}


@pytest.mark.parametrize(
    ("why", "known"),
    [
        (Waiting.FORGOTTEN, {"wanted": "erased"}),
        (Waiting.FORGOTTEN, {"wanted": "erased", **GATE, **NOBODY}),
        (Waiting.UNPLUGGED, {"served": False}),
        (Waiting.UNPLUGGED, {"served": False, **GATE, **PARKED}),
        (Waiting.REFUSED, PARKED),
        (Waiting.REFUSED, {**PARKED, **GATE, **NOBODY}),
        (Waiting.DUE, {**PARKED, "due": True}),
        (Waiting.PAUSED, {**PARKED, "due": True, "paused_at": BEFORE}),
        (Waiting.LOST, {**PARKED, "says": Own.GONE}),
        (Waiting.LOST, {**PARKED, "says": Own.ANOTHER_PERSONS}),
        (Waiting.LEFT_OUT, {**PARKED, "status": "skipped"}),
        (Waiting.DUE, {**PARKED, "status": "skipped", "due": True}),
        (Waiting.PAUSED, {**GATE, **NOBODY}),
        (Waiting.IDLE, {**GATE, **NOBODY, "paused_at": None}),
        (Waiting.SILENT, {**GATE, "paused_at": None}),
        (Waiting.SILENT, {"silent_since": BEFORE, "tried_at": BEFORE}),
        (Waiting.RESTING, {"rests_until": SOON}),
        (Waiting.DUE, {"rests_until": NOW}),
        (Waiting.RESTING, {"rests_until": SOON, "status": "retrying"}),
        (Waiting.UNCERTAIN, {"status": "verifying"}),
        (Waiting.RETRYING, {"status": "retrying"}),
        (Waiting.DUE, {"status": "waiting"}),
        (Waiting.DUE, {}),
    ],
)
def test_the_reason_that_outlasts_the_others_is_told(why: Waiting, known: dict[str, Any]) -> None:
    assert waiting(replace(BEHIND, **known), NOW) is why


def test_only_a_delivery_counts_as_one() -> None:
    [stop] = stops([BEHIND], 3, BEFORE, {}, NOW)
    assert (stop.at, stop.why, stop.since) == (None, Waiting.DUE, BEFORE)
    [stop] = stops([BEHIND], 3, BEFORE, {"salesforce": NOW, "hubspot": SOON}, NOW)
    assert (stop.at, stop.why) == (NOW, None)
    assert stops([replace(BEHIND, synced_seq=3)], 3, BEFORE, {}, NOW) == [], "nobody saw it arrive"


def test_what_was_made_before_there_was_the_crm_waits_since_there_is() -> None:
    [stop] = stops([replace(BEHIND, added_at=NOW, synced_seq=0)], 1, BEFORE, {}, NOW)
    assert stop.since == NOW


class AtNoon(clock.Clock):
    def now(self) -> datetime:
        return NOW


def told(reader: ActorKind, *deliveries: Delivery, **delivered: datetime) -> list[Line]:
    with clock.replaced(AtNoon()), using("en"):
        found = where(stops(deliveries, 3, BEFORE, delivered, NOW), reader)
    return list(found.lines) if found else []


HUBSPOT = replace(BEHIND, connector="hubspot", label="HubSpot")


ERASED = replace(
    BEHIND, synced_seq=3, since=None, due=False, wanted="erased", status="erased", wanted_at=BEFORE, confirmed_at=NOW
)
DELETED = replace(BEHIND, synced_seq=3, since=None, due=False, status="parked", attempts=1, says=Own.GONE)


@pytest.mark.parametrize(
    ("of", "delivered", "customers", "agents"),
    [
        (ERASED, True, "Was in Salesforce from 11:59 until 12:00", "Was in Salesforce from 11:59 until 12:00"),
        (
            ERASED,
            False,
            "Not passed on to Salesforce any more",
            "Not for Salesforce, which was told to forget this person",
        ),
        (
            DELETED,
            True,
            "Was in Salesforce from 11:59: one of us is looking at it",
            "Was in Salesforce from 11:59: its contact was deleted or merged; an operator is to look at it",
        ),
        (
            DELETED,
            False,
            "No longer in Salesforce: one of us is looking at it",
            "No longer in Salesforce: its contact was deleted or merged; an operator is to look at it",
        ),
        (
            replace(DELETED, status="skipped"),
            True,
            "Was in Salesforce from 11:59",
            "Was in Salesforce from 11:59",
        ),
    ],
    ids=["erased", "erased-never-seen", "deleted", "deleted-never-seen", "deleted-and-left-out"],
)
def test_what_was_there_and_is_there_no_more_is_not_told_as_being_there(
    of: Delivery, delivered: bool, customers: str, agents: str
) -> None:
    at = {"salesforce": BEFORE} if delivered else {}
    for reader, words in ((ActorKind.CUSTOMER, customers), (ActorKind.AGENT, agents), (ActorKind.AUDITOR, agents)):
        [line] = told(reader, of, **at)
        assert (line.state, line.words) == ("failed", words)
    assert {line.state for line in told(ActorKind.AGENT, of, HUBSPOT, hubspot=NOW, **at)} == {"done", "failed"}


@pytest.mark.parametrize("of", [replace(ERASED, confirmed_at=None), replace(DELETED, due=True)])
def test_until_it_is_known_to_be_gone_it_is_there(of: Delivery) -> None:
    assert told(ActorKind.AGENT, of, salesforce=BEFORE) == [Line("done", "In Salesforce at 11:59")]


def test_one_line_where_all_are_in_one_state() -> None:
    both = told(ActorKind.CUSTOMER, BEHIND, HUBSPOT, salesforce=BEFORE, hubspot=NOW)
    assert both == [Line("done", "In HubSpot, Salesforce at 12:00")]
    built_in = replace(BEHIND, label="CRM")
    assert told(ActorKind.CUSTOMER, built_in, salesforce=NOW) == [Line("done", "In the CRM at 12:00")]
    silent = [replace(each, silent_since=BEFORE, tried_at=SOON) for each in (BEHIND, HUBSPOT)]
    assert told(ActorKind.CUSTOMER, *silent) == [
        Line("wait", "Waiting for HubSpot, Salesforce since 11:59: it does not answer; we go on trying")
    ]


def test_a_line_for_each_state_where_they_differ() -> None:
    lines = told(ActorKind.CUSTOMER, replace(BEHIND, paused_at=NOW), HUBSPOT, hubspot=NOW)
    assert [line.state for line in lines] == ["done", "wait"]


@pytest.mark.parametrize("why", list(Waiting))
@pytest.mark.parametrize("language", ["en", "de"])
def test_no_technical_word_reaches_a_customer(why: Waiting, language: str) -> None:
    [stop] = stops([BEHIND], 3, BEFORE, {}, NOW)
    stop = replace(stop, why=why, until=SOON, from_=BEFORE, says=SAYS)
    with using(language):
        customers, agents, auditors = (
            where([stop], reader) for reader in (ActorKind.CUSTOMER, ActorKind.AGENT, ActorKind.AUDITOR)
        )
    if why is Waiting.UNPLUGGED:
        assert customers is None and agents is None, "it is no place that a change goes to any more"
    else:
        assert customers and agents
        [line] = customers.lines
        assert line.says is None
        assert not any(word in line.words.lower() for word in ("worker", "operator", "api", "bob@", "queue", "–"))
        assert agents.lines[0].says == ("“%s”" if language == "en" else "„%s“") % SAYS
        assert why is Waiting.DUE or line.words != agents.lines[0].words
    assert auditors
    assert auditors.lines[0].state == ("failed" if why in STUCK else "wait")
