"""What an agent sees of a customer: the answer first, and who said what, and when."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx2
import pytest
import time_machine

from portal.record.read import StoredRecord
from tests.builders import a_consent, a_contact_point
from tests.integration.desk.conftest import htmx
from tests.integration.desk.reading import part, text
from tests.integration.sync_stage import Stage

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


def card(stored: StoredRecord) -> str:
    return f"/desk/customers/{stored.record.id}"


async def test_inside_her_hours_the_answer_is_yes_and_where_and_until_when(
    as_grace: httpx2.AsyncClient, alice: StoredRecord
) -> None:
    with time_machine.travel(MONDAY + timedelta(hours=18, minutes=22)):
        head = text(part((await as_grace.get(card(alice))).text, "head"))

    assert "Yes, call now: +44 20 7946 0018, until 20:00" in head
    assert "weekdays 17:00–20:00" in head
    assert "say AL-iss · she/her · customer" in head
    assert "English preferred" in head
    assert "Helps them: a text before you call" in head


async def test_outside_her_hours_it_says_when_and_what_one_may_do_instead(
    as_grace: httpx2.AsyncClient, alice: StoredRecord
) -> None:
    with time_machine.travel(MONDAY + timedelta(hours=9)):
        head = text(part((await as_grace.get(card(alice))).text, "head"))

    assert "Not now: call from 17:00 today" in head
    assert "Yes, write e-mail now: alice.marsh@example.com" in head


async def test_the_grid_answers_for_every_purpose_and_channel(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await stage.says(alice.record.id, a_consent("surveys", "email"), action="consent:given")
    await stage.settle()

    with time_machine.travel(MONDAY + timedelta(days=7, hours=9)):
        head = text(part((await as_grace.get(card(alice))).text, "head"))

    assert "Your contract and service yes from 17:00 today yes no" in head, (
        "a text may be sent: the hours are for calls"
    )
    assert "Offers and news no no no no" in head
    assert "Asking how we did yes no no no" in head


async def test_it_says_of_each_value_who_said_so(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await stage.says(alice.record.id, {"profile/call_me": "Ally"})
    await stage.edits(alice.record.id, {"account_tier": "business"})
    await stage.settle()

    page = (await as_grace.get(card(alice))).text

    about, account = text(part(page, "section-about")), text(part(page, "section-account"))
    assert "Call me Ally The customer, today at" in about
    assert "First name Alice The portal, today at" in about
    assert "Plan Business Grace Okafor, customer care, today at" in account


async def test_contact_points_stand_in_the_order_in_which_to_try_them(
    as_grace: httpx2.AsyncClient, alice: StoredRecord
) -> None:
    reach = part((await as_grace.get(card(alice))).text, "reach")

    assert text(reach).index("+44 20 7946 0018") < text(reach).index("alice.marsh@example.com")
    assert 'href="tel:+442079460018"' in reach
    assert 'href="mailto:alice.marsh@example.com"' in reach


async def test_what_changed_since_the_last_visit_is_marked_with_what_it_was(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await as_grace.get(card(alice))
    await stage.stores.staff.database.fetch_all("UPDATE crm.view SET seen_at = seen_at - interval '1 day'")
    await stage.says(alice.record.id, {"profile/language": "de"})
    await stage.says(alice.record.id, a_contact_point("phone", "+442079460999", rank=3), action="contact_point:added")
    await stage.settle()

    page = (await as_grace.get(card(alice))).text

    assert "<ins>German</ins>" in part(page, "section-about")
    assert "was English" in text(part(page, "section-about"))
    assert "<ins>+44 20 7946 0999</ins>" in part(page, "reach")
    changes = text(part(page, "changes"))
    assert changes.startswith("Since you last looked You were here yesterday")
    assert "Preferred language before: English now: German The customer, today" in changes
    again = (await as_grace.get(card(alice))).text
    assert "<ins>German</ins>" in part(again, "section-about"), "until the visit is over"


async def test_a_visit_is_written_down_once_and_its_live_updates_are_not(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await as_grace.get(card(alice))
    for _update in range(3):
        assert (await as_grace.get(f"{card(alice)}/now?shown=1", headers=htmx())).status_code == 200

    reads = (await stage.stored(alice.record.id)).reads

    assert [(read.actor_name, read.via) for read in reads] == [("Grace Okafor", "desk")]


async def test_a_live_update_without_a_visit_is_a_reading_like_any_other(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await as_grace.get(f"{card(alice)}/now?shown=1", headers=htmx())

    assert len((await stage.stored(alice.record.id)).reads) == 1


async def test_it_reads_the_crm_and_not_the_record(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await stage.says(alice.record.id, {"profile/call_me": "Ally"})

    page = (await as_grace.get(card(alice))).text

    assert "Ally" not in page
    assert "Waiting for the CRM since" in text(part(page, "delivery"))


async def test_it_speaks_german(as_grace: httpx2.AsyncClient, alice: StoredRecord) -> None:
    page = (await as_grace.get(card(alice), headers={"accept-language": "de"})).text

    assert '<html lang="de">' in page


@pytest.mark.parametrize(
    "what", ["", "/now", "/live", "/fields/about", "/notes/018f0000-0000-7000-8000-000000000000/answer"]
)
async def test_nobody_and_nonsense_are_answered_alike(as_grace: httpx2.AsyncClient, what: str) -> None:
    answers = [await as_grace.get(f"/desk/customers/{id}{what}", headers=htmx()) for id in (uuid4(), "20418", "0")]

    assert {answer.status_code for answer in answers} == {404}


async def test_a_card_takes_two_statements(
    as_grace: httpx2.AsyncClient, alice: StoredRecord, statements: list[str]
) -> None:
    await as_grace.get(card(alice))

    assert len(statements) == 2, "the session, and the card"
