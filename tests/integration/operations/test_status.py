"""An operator sees whether everything is delivered, and what to do if not; and no customer's data."""

from uuid import uuid4

import httpx2
import pytest

from portal.record.read import StoredRecord
from tests.integration.desk.conftest import htmx
from tests.integration.desk.reading import part, text
from tests.integration.sync_stage import Stage

BEAT = "INSERT INTO portal.worker (id) VALUES (%s)"
BEAT_BEFORE = "INSERT INTO portal.worker (id, seen_at) VALUES (%s, now() - %s::interval)"


@pytest.fixture
async def worker(stage: Stage) -> None:
    """One worker that was seen just now."""
    await stage.all("DELETE FROM portal.worker")
    await stage.all(BEAT, uuid4())


async def seen(browser: httpx2.AsyncClient) -> str:
    response = await browser.get("/operations")
    assert response.status_code == 200
    return response.text


async def test_all_is_well(as_olivia: httpx2.AsyncClient, worker: None, alice: StoredRecord) -> None:
    page = await seen(as_olivia)

    assert "All is well" in text(page)
    assert "1 worker is running nothing waits" in text(page)
    assert "CRM keeps up 0 – 0" in text(part(page, "connectors"))
    assert "running" in text(part(page, "workers"))


async def test_what_waits_is_counted(
    as_olivia: httpx2.AsyncClient, worker: None, stage: Stage, alice: StoredRecord
) -> None:
    await stage.says(alice.record.id, {"profile/language": "de"})
    assert "1 record is on its way" in text(await seen(as_olivia))

    await stage.all("UPDATE portal.sync_state SET push_due_at = push_due_at - interval '5 minutes'")

    page = await seen(as_olivia)
    assert "CRM is late" in text(page)
    assert "5 minutes ago" in text(part(page, "connectors"))


async def test_a_crm_that_gets_nothing_is_the_headline(
    as_olivia: httpx2.AsyncClient, worker: None, stage: Stage, alice: StoredRecord
) -> None:
    await stage.says(alice.record.id, {"profile/language": "de"})
    await stage.all("UPDATE portal.sync_state SET push_due_at = push_due_at - interval '5 minutes'")
    await stage.all("UPDATE portal.connector SET paused_at = now()")
    page = await seen(as_olivia)
    assert "CRM is paused: changes wait" in text(page) and "All is well" not in page

    await stage.all("UPDATE portal.connector SET paused_at = NULL")
    await stage.all("UPDATE portal.connector_gate SET open_until = now() + interval '1 minute', opened_at = now()")
    page = await seen(as_olivia)
    assert "CRM does not answer and is left alone for a while" in text(page) and "CRM is late" not in text(page)
    assert "CRM does not answer" in text(part(page, "connectors"))

    await stage.all("UPDATE portal.connector_gate SET open_until = NULL, opened_at = NULL")
    await stage.settle()
    assert "All is well" in text(await seen(as_olivia))


async def test_without_a_worker_it_says_what_that_means(
    as_olivia: httpx2.AsyncClient, worker: None, stage: Stage
) -> None:
    await stage.all("UPDATE portal.worker SET seen_at = seen_at - interval '1 minute'")

    page = await seen(as_olivia)

    assert "No worker is running, so nothing reaches the CRMs" in text(page)
    assert "gone" in text(part(page, "workers"))


async def test_a_worker_that_is_not_there_says_since_when(
    as_olivia: httpx2.AsyncClient, worker: None, stage: Stage
) -> None:
    """Whether it only stands still shows within a minute; then it is nothing to look at any more, and goes."""
    await stage.all(BEAT_BEFORE, uuid4(), "20 seconds")
    workers = part(await seen(as_olivia), "workers")
    assert "running" in text(workers) and "last seen" in text(workers)
    assert "not heard of" in text(workers) and "gone" not in text(workers)

    await stage.all(
        "UPDATE portal.worker SET seen_at = seen_at - interval '1 minute' WHERE seen_at < now() - interval '15 s'"
    )
    workers = part(await seen(as_olivia), "workers")
    assert '<span class="tag">gone</span>' in workers and "last seen" in text(workers)

    await stage.all(
        "UPDATE portal.worker SET seen_at = seen_at - interval '1 hour' WHERE seen_at < now() - interval '15 s'"
    )
    assert "last seen" not in text(part(await seen(as_olivia), "workers"))


async def test_what_is_parked_is_told_by_number_and_in_the_crms_words(
    as_olivia: httpx2.AsyncClient, worker: None, stage: Stage, alice: StoredRecord
) -> None:
    await stage.all(
        "UPDATE portal.sync_state SET status = 'parked', attempts = 3, last_error = 'number is taken' "
        "WHERE customer_id = %s",
        alice.record.id,
    )

    page = await seen(as_olivia)

    assert "1 record is parked and waits for you" in text(page)
    parked = text(part(page, "parked-embedded"))
    assert f"customer {alice.record.number} “number is taken” 3 attempts" in parked
    assert "Marsh" not in page
    assert "example.com" not in page


async def test_it_renews_itself(as_olivia: httpx2.AsyncClient, worker: None) -> None:
    response = await as_olivia.get("/operations", headers=htmx())

    assert "<html" not in response.text
    assert 'id="status"' in response.text


async def test_it_takes_one_statement_besides_the_session(
    as_olivia: httpx2.AsyncClient, worker: None, statements: list[str]
) -> None:
    await seen(as_olivia)

    assert len(statements) == 2


async def test_it_is_for_operators(
    stranger: httpx2.AsyncClient,
    as_alice: httpx2.AsyncClient,
    as_grace: httpx2.AsyncClient,
    as_oscar: httpx2.AsyncClient,
) -> None:
    for somebody, status in ((stranger, 303), (as_alice, 303), (as_grace, 403), (as_oscar, 403)):
        assert (await somebody.get("/operations")).status_code == status
