"""What Alice agrees to."""

from datetime import timedelta

import httpx2
import pytest

from portal import clock
from portal.record.models import ConsentStatus
from tests.builders import SYSTEM
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import HTMX, FoundForm, Typed, open_form, send

CONSENTS = "/record/consents"


async def switch(browser: httpx2.AsyncClient, form: FoundForm, cell: str, *, on: bool) -> httpx2.Response:
    """One switch, as the page's script sends it."""
    agreed = {*form.fields.get("agreed", []), cell} if on else {*form.fields.get("agreed", [])} - {cell}
    return await send(browser, form, htmx=True, agreed=sorted(agreed), switched=cell)


async def test_agreeing_records_what_was_shown_when_and_where(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given the grid, with the text beside each decision
    page = await as_alice.get("/record")
    assert "We tell you about offers and news of ours" in page.text
    form = await open_form(as_alice, CONSENTS)

    # When she switches one on
    answer = await switch(as_alice, form, "offers/email", on=True)

    # Then the card says so, in its place
    assert answer.status_code == 200 and "Saved. Waiting for the CRM since" in answer.text
    said = (await alices.record()).consent("offers", "email")
    assert said is not None
    assert (said.status, said.capture_source, said.lawful_basis) == (ConsentStatus.OPT_IN, "portal", "consent")
    assert (said.notice, said.notice_version, said.effective_to) == ("offers", "2026-03", None)
    assert clock.now() - said.capture_date < timedelta(minutes=1) and said.effective_from == said.capture_date
    assert (await alices.stored()).recent[0].entry.action == "consent:given"


async def test_withdrawing_is_the_same_act(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    await switch(as_alice, await open_form(as_alice, CONSENTS), "offers/email", on=True)

    answer = await switch(as_alice, await open_form(as_alice, CONSENTS), "offers/email", on=False)

    assert answer.status_code == 200
    said = (await alices.record()).consent("offers", "email")
    assert said is not None and said.status is ConsentStatus.OPT_OUT
    assert (await alices.stored()).recent[0].entry.action == "consent:withdrawn"
    assert "Nobody contacts you for marketing." in answer.text


async def test_without_a_script_all_switches_are_saved_by_one_button(
    as_alice: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    # Given one thing agreed to, and one that is on because nobody objected
    await switch(as_alice, await open_form(as_alice, CONSENTS), "offers/email", on=True)
    form = await open_form(as_alice, CONSENTS)
    assert form.fields["agreed"] == ["service/phone", "service/text", "offers/email"]

    # When she withdraws the first, objects to the second and agrees to a third
    answer = await send(as_alice, form, agreed=["service/text", "surveys/letter"])

    # Then that is what is recorded, and nothing else
    assert answer.status_code == 303 and answer.headers["location"].endswith("#consents")
    said = {(c.purpose, c.channel): c.status.value for c in (await alices.record()).consents}
    assert said == {
        ("offers", "email"): "opt_out",
        ("service", "phone"): "opt_out",
        ("surveys", "letter"): "opt_in",
    }
    assert (await alices.stored()).recent[0].entry.action == "consent:changed"


async def test_quick_switches_from_one_form_all_count(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    """A script queues what is switched while an answer is on its way: all of it comes from the same form."""
    form = await open_form(as_alice, CONSENTS)

    for cell, on in (("offers/email", True), ("offers/text", True), ("offers/email", False)):
        assert (await switch(as_alice, form, cell, on=on)).status_code == 200

    said = {(c.purpose, c.channel): c.status.value for c in (await alices.record()).consents}
    assert said == {("offers", "email"): "opt_out", ("offers", "text"): "opt_in"}


async def test_sending_twice_counts_once(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, CONSENTS)

    for _twice in range(2):
        answer = await send(as_alice, form, agreed=["service/phone", "service/text", "offers/email"])
        assert answer.status_code == 303

    assert (await alices.record()).seq == 2


async def test_an_older_form_decides_only_what_was_switched(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given an open form, and an opt-out by telephone meanwhile
    await switch(as_alice, await open_form(as_alice, CONSENTS), "offers/email", on=True)
    form = await open_form(as_alice, CONSENTS)
    await alices.change({"consents/offers/email/status": "opt_out"}, by=SYSTEM, action="consent:changed")

    # When she switches something else on
    await send(as_alice, form, agreed=[*form.fields["agreed"], "surveys/email"])

    # Then she is not re-subscribed
    said = {(c.purpose, c.channel): c.status.value for c in (await alices.record()).consents}
    assert said == {("offers", "email"): "opt_out", ("surveys", "email"): "opt_in"}


@pytest.mark.asvs("2.3.1")
async def test_nobody_agrees_to_a_text_that_they_did_not_see(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, CONSENTS)

    answer = await send(as_alice, form, agreed=["offers/email"], shown_agreed=None, notice=["offers@2025-01"])

    assert answer.status_code == 422 and "is a new one" in answer.text
    assert (await alices.record()).consents == ()


@pytest.mark.parametrize(
    "forged",
    [
        {"agreed": ["offers/pigeon"]},
        {"agreed": ["nothing/email"]},
        {"switched": "offers"},
        {"switched": "service/email"},
        {"consent": "offers/email"},
    ],
)
async def test_what_cannot_be_decided_is_refused(
    as_alice: httpx2.AsyncClient, alices: Elsewhere, forged: Typed
) -> None:
    form = await open_form(as_alice, CONSENTS)

    for htmx in (True, False):
        answer = await send(as_alice, form, forged, htmx=htmx)
        assert answer.status_code == 422 and "There is a problem" in answer.text
    assert (await alices.record()).seq == 1


async def test_what_is_needed_to_serve_has_no_switch(as_alice: httpx2.AsyncClient) -> None:
    page = await as_alice.get(CONSENTS, headers=HTMX)

    assert 'value="service/email"' not in page.text and "needed" in page.text
