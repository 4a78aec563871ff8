"""An operator sees how one CRM does and what happened to it, and acts; no customer's data is shown."""

import httpx2
import pytest

from portal.crm.said import Own
from portal.record.read import StoredRecord
from portal.sync.samples import sample
from portal.sync.state import Wanted
from portal.sync.want import want
from tests.builders import a_customer
from tests.integration.desk.conftest import htmx
from tests.integration.desk.reading import part, text
from tests.integration.rooms.forms_on_page import form_to
from tests.integration.sync_stage import Stage

PAGE = "/operations/crms/embedded"


@pytest.fixture
async def parked(stage: Stage, alice: StoredRecord) -> StoredRecord:
    """Alice, whom the CRM refuses."""
    await stage.all(
        "UPDATE portal.sync_state SET status = 'parked', attempts = 3, last_error = 'number is taken',"
        " push_due_at = NULL WHERE customer_id = %s",
        alice.record.id,
    )
    return alice


async def seen(browser: httpx2.AsyncClient) -> str:
    response = await browser.get(PAGE)
    assert response.status_code == 200
    return response.text


async def press(browser: httpx2.AsyncClient, action: str, to: str = PAGE, **typed: str) -> httpx2.Response:
    form = form_to(await seen(browser), to)
    return await browser.post(to, data=form.filled({**typed, "action": action}))


async def test_all_is_well(as_olivia: httpx2.AsyncClient, stage: Stage, alice: StoredRecord) -> None:
    await stage.all("UPDATE portal.connector_gate SET sampled_at = NULL")
    await sample(stage.stores.worker.database)

    page = await seen(as_olivia)

    assert "CRM keeps up" in text(page)
    assert "In the last hour:" in text(part(page, "minutes"))
    assert "Last error none" in text(part(page, "facts"))
    assert 'style="' not in page


async def test_an_erasure_that_is_not_confirmed_is_counted(
    as_olivia: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    said = "Erasures and restrictions not confirmed"
    assert f"{said} all are confirmed" in text(part(await seen(as_olivia), "facts"))
    await want(stage.stores.staff.database, alice.record.id, Wanted.RESTRICTED, actor="olivia")
    assert f"{said} 1, the oldest" in text(part(await seen(as_olivia), "facts"))
    await stage.settle()
    assert f"{said} all are confirmed" in text(part(await seen(as_olivia), "facts"))


async def test_in_german_our_own_words_are_german_and_the_crms_are_quoted(
    as_olivia: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    """Of a contact that is gone, in the list and in the journal; and as the CRM's last error."""
    await stage.edits(alice.record.id, {"account_tier": "business"})
    await stage.poller.poll()
    await stage.all("DELETE FROM crm.contact WHERE portal_id = %s", alice.record.id)
    await stage.settle()
    own = Own.CREDENTIALS.of(said="Bad key")
    await stage.all("UPDATE portal.connector_gate SET last_error = %s, last_error_at = clock_timestamp()", own)
    as_olivia.cookies.set("portal_language", "de")

    page = await seen(as_olivia)

    assert f"{alice.record.number} den Kontakt gibt es nicht mehr ·" in text(part(page, "parked"))
    assert "Bitte prüfen Sie die Zugangsdaten dieses CRMs: „Bad key“" in text(part(page, "facts"))
    assert "den Kontakt gibt es nicht mehr" in text(part(page, "journal"))
    assert "no longer there" not in page and "our login" not in page


async def test_what_is_parked_is_tried_again_skipped_or_linked(
    as_olivia: httpx2.AsyncClient, stage: Stage, parked: StoredRecord
) -> None:
    page = await seen(as_olivia)
    assert f"customer {parked.record.number} “number is taken” · 3 attempts" in text(part(page, "parked"))
    assert "Marsh" not in page
    assert "example.com" not in page
    to = f"{PAGE}/parked/{parked.record.id}"

    assert (await press(as_olivia, "skip", to)).status_code == 303
    assert (await stage.state(parked.record.id))["status"] == "skipped"
    assert "Skipped: customer" in text(part(await seen(as_olivia), "journal"))

    await stage.all("UPDATE portal.sync_state SET status = 'parked' WHERE customer_id = %s", parked.record.id)
    assert (await press(as_olivia, "relink", to, contact="  ")).status_code == 303
    state = await stage.state(parked.record.id)
    assert (state["remote_id"], state["pull_due_at"] is not None) == (None, True)

    await stage.all("UPDATE portal.sync_state SET push_due_at = NULL WHERE customer_id = %s", parked.record.id)
    assert (await press(as_olivia, "retry", to)).status_code == 303
    await stage.settle()
    assert (await stage.state(parked.record.id))["status"] == "synced"


async def test_a_contact_of_somebody_else_is_refused(
    as_olivia: httpx2.AsyncClient, stage: Stage, parked: StoredRecord
) -> None:
    bob = (await a_customer(stage.stores.worker, given_name="Bob")).record.id
    await stage.settle()
    theirs = (await stage.state(bob))["remote_id"]
    to = f"{PAGE}/parked/{parked.record.id}"

    refused = await press(as_olivia, "relink", to, contact=theirs)

    assert refused.status_code == 400
    assert "belongs to another customer" in text(refused.text)
    assert (await press(as_olivia, "relink", to, contact="x" * 300)).status_code == 400
    assert (await press(as_olivia, "dance", to)).status_code == 400


async def test_it_is_paused_resumed_and_compared_anew_and_the_journal_says_by_whom(
    as_olivia: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await press(as_olivia, "pause")
    assert "CRM is paused: changes wait" in text(await seen(as_olivia))
    await stage.says(alice.record.id, {"profile/language": "fr"})
    assert await stage.drain() == 0

    await press(as_olivia, "resume")
    await press(as_olivia, "resync")
    page = await seen(as_olivia)

    assert "every record is being compared anew" in text(page)
    journal = text(part(page, "journal"))
    assert "Resync begun Olivia" in journal
    assert "Paused Olivia" in journal
    assert (await press(as_olivia, "dance")).status_code == 400


async def test_a_crm_that_does_not_answer_is_told_with_its_error(
    as_olivia: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await stage.all(
        "UPDATE portal.connector_gate SET open_until = now() + interval '1 minute', opened_at = now(),"
        " last_error = 'reset', last_error_at = now(), rate_calls = 100, rate_seconds = 10, tokens = 40,"
        " filled_at = now(), remaining = 7, remaining_of = 1000"
    )
    page = text(await seen(as_olivia))
    await stage.all("UPDATE portal.connector_gate SET open_until = NULL, rate_calls = NULL, remaining = NULL")

    assert "CRM does not answer and is left alone for a while" in page
    assert "“reset” (" in page
    assert "of 100 calls in 10 seconds are left" in page
    assert "7 of 1,000 calls are left" in page


async def test_it_renews_itself(as_olivia: httpx2.AsyncClient, alice: StoredRecord) -> None:
    response = await as_olivia.get(PAGE, headers=htmx())
    assert "<html" not in response.text
    assert 'id="crm"' in response.text


async def test_there_is_no_other_crm(as_olivia: httpx2.AsyncClient) -> None:
    assert (await as_olivia.get("/operations/crms/nowhere")).status_code == 404


async def test_it_is_for_operators(
    stranger: httpx2.AsyncClient,
    as_alice: httpx2.AsyncClient,
    as_grace: httpx2.AsyncClient,
    as_oscar: httpx2.AsyncClient,
) -> None:
    for somebody, status in ((stranger, 303), (as_alice, 303), (as_grace, 403), (as_oscar, 403)):
        assert (await somebody.get(PAGE)).status_code == status
