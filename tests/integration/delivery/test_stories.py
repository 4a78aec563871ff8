"""Where a change is, since when it waits and why: for each reason what happened, and what three people then read."""

import asyncio
import csv
import io
import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL

from portal.audit.entry import Actor, ActorKind
from portal.record.change import change
from portal.sync import steer
from portal.sync.enroll import enroll, register
from portal.sync.gate import FAILURES_TO_OPEN
from portal.sync.line import Line
from portal.sync.state import Wanted
from portal.sync.want import want
from tests.builders import a_customer, an_intention
from tests.integration.delivery.conftest import SALESFORCE, Story, everybody, page
from tests.integration.desk.conftest import htmx
from tests.integration.desk.reading import part, text
from tests.integration.rooms.forms_on_page import open_form, send
from tests.integration.sync.remote_crm import Fault, RemoteCrm
from tests.integration.sync_stage import as_administrator

OLIVIA = "018f0000-0000-7000-8000-00000000011a"


async def test_it_is_on_its_way_and_then_there(story: Story) -> None:
    await story.changes(language="de")
    read = await story.reads()
    assert (
        "On its way to our own CRM, Salesforce since" in read.alice
        and "On its way to our own CRM, Salesforce" in read.grace
    )
    assert "On its way to Salesforce since" in read.oscar and "On its way to the CRM since" in read.oscar

    await story.passes()

    read = await story.reads()
    assert "In our own CRM, Salesforce at" in read.alice
    assert read.alice.count("Salesforce") == read.sent.count('class="where done"'), "one line for each change"
    assert "In our own CRM, Salesforce at" in read.grace
    there = await story.far.one(
        "SELECT min(at) AS at FROM portal.delivery WHERE customer_id = %s AND connector = %s AND through_seq = 2",
        story.id,
        SALESFORCE,
    )
    assert f"Salesforce {there['at']:%-d %b %Y, %H:%M:%S}" in read.oscar, "each by itself, to the second"


async def test_paused_by_an_operator(story: Story) -> None:
    await steer.pause(story.far.stores.staff.database, SALESFORCE, actor=OLIVIA)
    await story.changes(language="de")
    await story.passes()

    read = await story.reads()
    assert "In 1 of 2 CRMs" in read.alice and "In our own CRM at" in read.alice
    assert "Waiting for Salesforce since" in read.alice
    assert "we have paused it for a while; nothing is lost" in read.alice
    assert "an operator paused it at" in read.grace and "an operator paused it at" in read.oscar

    await steer.resume(story.far.stores.staff.database, SALESFORCE, actor=OLIVIA)
    assert "On its way to Salesforce since" in (await story.reads()).alice


async def test_what_is_held_up_is_said_alike_everywhere_on_her_page(story: Story) -> None:
    await steer.pause(story.far.stores.staff.database, SALESFORCE, actor=OLIVIA)
    seq = await story.changes(language="de")
    await story.passes()

    saved = (await story.alice.get(f"/record?card=profile-about&saved={seq}")).text
    live = (await story.alice.get("/record/delivery", headers=htmx())).text

    why = "we have paused it for a while; nothing is lost"
    for page_ in (part(saved, "profile-about"), live.partition(f'id="saved-{seq}"')[2]):
        assert "Saved. In our own CRM at" in text(page_) and why in text(page_)
    assert '<details class="details" open>' in part(saved, "delivery"), "what is held up is not folded away"
    for page_ in (saved, live):
        assert "has not reached every CRM yet" in page_ and "they see at once" not in page_

    await steer.resume(story.far.stores.staff.database, SALESFORCE, actor=OLIVIA)
    await story.passes()
    assert "they see at once" in (await story.alice.get("/record")).text


async def test_it_does_not_answer(story: Story) -> None:
    story.crm.broken = ConnectionRefusedError()
    story.far.line.batch = 1
    for _each in range(FAILURES_TO_OPEN):
        await a_customer(story.far.stores.worker)
        await story.far.drain()
    await story.changes(language="de")
    await story.passes()

    read = await story.reads()
    assert ": it does not answer; we go on trying" in read.alice and "Refused" not in read.alice
    assert "it has not answered since" in read.grace and "is tried again at" in read.grace

    story.crm.broken = None
    await story.far.later(seconds=6)
    story.far.line.batch = 100
    for _each in range(3):
        await story.passes()
    assert "In our own CRM, Salesforce at" in (await story.reads()).alice


async def test_it_asks_for_a_break(story: Story) -> None:
    seq = await story.changes(language="de")
    story.crm.fail(story.id, Fault.BUSY)
    await story.passes()

    read = await story.reads()
    assert "it takes nothing more until" in read.alice
    assert "it takes no more calls until" in read.grace and "it takes no more calls until" in read.oscar
    assert "resting" in read.oscar
    assert (await story.far.stored(story.id)).recent[0].entry.seq == seq


async def test_our_budget_with_it_is_spent(story: Story) -> None:
    await story.changes(language="de")
    await story.far.all(
        """UPDATE portal.connector_gate SET rate_calls = 10, rate_seconds = 600, tokens = 0, filled_at = now()
           WHERE connector = %s""",
        SALESFORCE,
    )
    await story.passes()

    read = await story.reads()
    assert "it takes nothing more until" in read.alice and "it takes no more calls until" in read.grace
    await story.far.all("UPDATE portal.connector_gate SET rate_calls = NULL, tokens = NULL")


async def test_it_refuses_the_record_in_words_that_are_not_for_customers(story: Story) -> None:
    story.crm.fail(story.id, Fault.REFUSED)
    await story.changes(language="de")
    await story.passes()

    read = await story.reads()
    assert "Waiting for Salesforce since" in read.alice and "one of us is looking at it" in read.alice
    assert "FIELD_INTEGRITY" not in read.sent
    history = await story.alice.get("/record/changes")
    assert "one of us is looking at it" in history.text and "FIELD_INTEGRITY" not in history.text
    for words in (read.grace, read.oscar):
        assert "parked; an operator is to look at it: “FIELD_INTEGRITY: bad value”" in words

    await steer.skip(story.far.stores.staff.database, SALESFORCE, story.id, actor=OLIVIA)
    left_out = await story.reads()
    assert "Not passed on to Salesforce; your next change will be" in left_out.alice
    assert "Not in Salesforce: an operator left this version out: “FIELD_INTEGRITY: bad value”" in left_out.grace

    await story.changes(language="fr")
    assert "On its way to" in (await story.reads()).grace, "a new change is tried as usual"
    await story.passes()
    await story.passes()
    assert "In our own CRM, Salesforce at" in (await story.reads()).alice


async def test_its_contact_is_gone(story: Story) -> None:
    story.crm.delete(story.id)
    await story.far.all(
        "UPDATE portal.sync_state SET pull_due_at = now() WHERE customer_id = %s AND connector = %s",
        story.id,
        SALESFORCE,
    )
    await story.changes(language="de")
    await story.passes()

    read = await story.reads()
    assert "one of us is looking at it" in read.alice and "deleted" not in read.alice
    assert "its contact was deleted or merged" in read.grace and "its contact was deleted or merged" in read.oscar
    first = text(await page(story.oscar, f"/audit/changes/{story.id}/1"))
    assert "Was in Salesforce from" in first and "lost" in first
    assert await _found(story, delivery="everywhere") == [], "nothing of it is there any more"


async def test_nobody_knows_whether_it_arrived(story: Story) -> None:
    story.crm.fail(story.id, Fault.LOST)
    await a_customer(story.far.stores.worker)  # whom it answers, so that it is not down
    await story.changes(language="de")
    await story.passes()

    read = await story.reads()
    assert "we are looking whether it has arrived" in read.alice
    assert "it did not answer, and is being read to find out: “connection reset”" in read.grace


async def test_it_cannot_take_this_record_just_now(story: Story) -> None:
    """What it says of one record alone, while it takes another's, is no break for all."""
    story.crm.fail(story.id, Fault.BUSY)
    await a_customer(story.far.stores.worker)
    await story.changes(language="de")
    await story.passes()

    read = await story.reads()
    assert "it could not take it just now; we go on trying" in read.alice and "too many" not in read.alice
    for words in (read.grace, read.oscar):
        assert "it could not take the record just now, and is tried again: " in words
    assert "retrying" in read.oscar

    await story.far.later(minutes=10)
    await story.passes()
    assert "In our own CRM, Salesforce at" in (await story.reads()).alice


async def test_no_worker_runs(story: Story) -> None:
    await story.changes(language="de")
    await story.stopped()

    read = await story.reads()
    assert "we are not passing anything on just now; it goes on by itself" in read.alice
    assert "no worker is running" in read.grace and "no worker is running" in read.oscar
    assert "idle" in read.oscar


async def test_it_is_not_connected_any_more(story: Story) -> None:
    await story.changes(language="de")
    await story.passes()
    await story.works("embedded")
    assert "In our own CRM, Salesforce at" in (await story.reads()).alice, "what is there stays there"

    await story.changes(language="fr")
    await story.built_in.drain()

    read = await story.reads()
    assert "In the CRM at" in read.alice and "Waiting" not in read.alice
    assert "Waiting" not in read.grace
    assert "it is not connected: no worker knows it" in read.oscar and "unplugged" in read.oscar


@pytest.fixture
async def hubspot(story: Story, own_url: URL) -> AsyncIterator[Line]:
    """A third CRM, whom nobody is enrolled in yet."""
    crm = RemoteCrm()
    crm.label = "HubSpot"
    line = Line("hubspot", crm, story.far.stores.worker, 100, story.far.line.lease)
    await register(story.far.stores.worker.database, [line])
    yield line
    for table in ("delivery", "sync_state", "connector_gate"):
        as_administrator(own_url, f"DELETE FROM portal.{table} WHERE connector = 'hubspot'")
    as_administrator(own_url, "DELETE FROM portal.connector WHERE name = 'hubspot'")


async def test_it_was_connected_later(story: Story, hubspot: Line) -> None:
    await story.works("embedded", SALESFORCE, "hubspot")
    assert not any("HubSpot" in words for words in everybody(await story.reads())), "she is not enrolled there yet"

    await story.far.all("UPDATE portal.connector SET enrolling_from = now() WHERE name = 'hubspot'")
    await enroll(hubspot, asyncio.Event())

    added = await story.far.one("SELECT added_at FROM portal.connector WHERE name = 'hubspot'")
    read = await story.reads()
    assert "On its way to HubSpot since" in read.alice
    assert f"since {added['added_at']:%-d %b %Y, %H:%M}" in read.oscar, "and not since before there was a HubSpot"


async def test_it_was_told_to_forget_her(story: Story) -> None:
    await want(story.far.stores.staff.database, story.id, Wanted.ERASED, actor=OLIVIA)
    asked = await story.audited()
    assert "Salesforce To be erased" in asked
    assert await _found(story, delivery="everywhere") == [1], "it is still there"

    await story.passes()
    assert await _found(story, delivery="everywhere") == []
    hers = text((await story.alice.get("/record/delivery")).text)
    for words in (hers, text(await page(story.oscar, f"/audit/changes/{story.id}/1"))):
        assert re.search("Was in (the|our own) CRM from", words) and "Was in Salesforce from" in words
    assert "In our own CRM" not in hers and "In the CRM" not in hers
    await story.changes(language="de")
    await story.passes()

    oscar = await story.audited()
    assert "Salesforce Erased" in oscar and "which was told to forget this person" in oscar
    assert "Not passed on to" in text((await story.alice.get("/record/delivery")).text)
    for reached in ("everywhere", "waiting", "parked"):
        assert await _found(story, delivery=reached) == [], "it is nowhere, and nothing waits"


@pytest.mark.parametrize(("connector", "signed"), [(SALESFORCE, "Salesforce"), ("embedded", "Our own CRM")])
async def test_an_edit_made_in_one_of_several_crms_is_signed_with_its_name(
    story: Story, connector: str, signed: str
) -> None:
    form = await open_form(story.alice, "/record/profile/about")
    intention = an_intention("profile:merged", Actor(ActorKind.SYSTEM, connector, f"crm:{connector}"))
    await change(story.far.stores.worker, story.id, intention, {"profile/language": "fr"})
    await story.passes()

    assert f"{signed} · #2" in text(await page(story.alice, "/record/changes"))
    desk = await page(story.grace, f"/desk/customers/{story.id}")
    assert signed in text(part(desk, "changes")) and text(desk).count(signed) > text(part(desk, "aside")).count(signed)
    assert signed in text(await page(story.oscar, "/audit"))
    conflict = await send(story.alice, form, language="de")
    assert conflict.status_code == 409 and signed in text(conflict.text)
    for told in (desk, conflict.text):
        assert "The CRM," not in text(told)


@pytest.fixture
async def three(story: Story) -> dict[str, int]:
    """A change that is everywhere, one that is refused, and one that waits."""
    there = await story.changes(language="de")
    await story.passes()
    story.crm.fail(story.id, Fault.REFUSED)
    refused = await story.changes(language="fr")
    await story.passes()
    return {"there": there, "refused": refused}


async def _found(story: Story, **asked: str) -> list[int]:
    number = (await story.far.record(story.id)).number
    answer = await story.oscar.get("/audit/export.json", params={"customer": number, **asked})
    assert answer.status_code == 200, answer.text
    return [change["seq"] for change in answer.json()]


async def test_an_auditor_lists_what_is_not_delivered(story: Story, three: dict[str, int]) -> None:
    assert await _found(story, delivery="everywhere") == [three["there"], 1]
    assert await _found(story, delivery="waiting") == [three["refused"]]
    assert await _found(story, delivery="parked") == [three["refused"]]

    await steer.retry(story.far.stores.staff.database, SALESFORCE, story.id, actor=OLIVIA)
    await story.passes()
    assert await _found(story, delivery="parked") == []
    assert await _found(story, delivery="everywhere") == [three["refused"], three["there"], 1]
    await steer.pause(story.far.stores.staff.database, SALESFORCE, actor=OLIVIA)
    waits = await story.changes(language="en")
    await story.passes()
    assert await _found(story, delivery="waiting") == [waits] and await _found(story, delivery="parked") == []


async def test_the_export_says_where_each_is_and_why(story: Story, three: dict[str, int]) -> None:
    number = (await story.far.record(story.id)).number
    [refused, there, _first] = (await story.oscar.get("/audit/export.json", params={"customer": number})).json()

    assert there["delivered"].keys() == {"embedded", SALESFORCE} and there["waiting"] == {}
    assert refused["delivered"].keys() == {"embedded"}
    waiting = refused["waiting"][SALESFORCE]
    assert (waiting["why"], waiting["says"], waiting["since"]) == (
        "refused",
        "FIELD_INTEGRITY: bad value",
        refused["at"],
    )
    rows = list(csv.DictReader(io.StringIO((await story.oscar.get("/audit/export.csv")).text)))
    [row] = {(row["delivered"], row["waiting"]) for row in rows if (row["customer"], row["seq"]) == (number, "3")}
    assert '"refused"' in row[1] and "embedded" in row[0]
