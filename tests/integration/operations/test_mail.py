"""An operator sees whether mail goes out, and what could not be sent; and no address."""

from uuid import uuid4

import httpx2
import pytest

from portal.mail import MailKind, mails
from portal.record.change import Intention, change
from portal.record.read import StoredRecord
from tests.builders import SYSTEM
from tests.integration.desk.reading import part, text
from tests.integration.sync_stage import Stage

FAIL = """
WITH failed AS (
    UPDATE jobs.procrastinate_jobs SET status = %s::jobs.procrastinate_job_status, attempts = 1
    WHERE args->>'customer' = %s RETURNING id)
INSERT INTO jobs.failure (job_id, why) SELECT id, %s FROM failed
"""


@pytest.fixture
async def letter(stage: Stage, alice: StoredRecord) -> str:
    """A letter to Alice waits; gives her id."""
    await stage.all("DELETE FROM portal.worker")
    await stage.all("DELETE FROM jobs.procrastinate_jobs")
    await stage.all("INSERT INTO portal.worker (id) VALUES (%s)", uuid4())
    intention = Intention("profile:changed", SYSTEM, uuid4(), jobs=mails(MailKind.LOGIN_LINKED, provider="main"))
    await change(stage.stores.worker, alice.record.id, intention, {"profile/call_me": "Al"})
    return str(alice.record.id)


async def operations(browser: httpx2.AsyncClient) -> str:
    response = await browser.get("/operations")
    assert response.status_code == 200
    return response.text


async def test_a_letter_that_waits(as_olivia: httpx2.AsyncClient, letter: str) -> None:
    page = await operations(as_olivia)

    assert "goes out" in text(part(page, "mail"))
    assert "1 letter waits to be sent. The oldest was written" in text(part(page, "mail"))
    assert "All is well" in text(page)


async def test_a_mail_server_that_takes_nothing(as_olivia: httpx2.AsyncClient, letter: str, stage: Stage) -> None:
    await stage.all(FAIL, "todo", letter, "the mail server cannot be reached, or hung up")

    page = await operations(as_olivia)

    assert "The mail server takes no mail at this moment" in text(page)
    assert "1 letter waits for another try" in text(part(page, "mail"))
    assert "The last attempt failed: the mail server cannot be reached, or hung up." in text(part(page, "mail"))


@pytest.mark.asvs("16.2.5")
async def test_a_letter_that_could_not_be_sent(
    as_olivia: httpx2.AsyncClient, letter: str, stage: Stage, alice: StoredRecord
) -> None:
    await stage.all(FAIL, "failed", letter, "the mail server refuses the address: 550 5.1.1")

    page = await operations(as_olivia)

    assert "1 letter could not be sent" in text(page)
    told = text(part(page, "mail"))
    assert f"customer {alice.record.number}: a way to log in was added" in told
    assert "the mail server refuses the address: 550 5.1.1" in told
    assert "portal mail retry" in told
    for point in alice.record.contact_points:
        assert point.value not in page
    assert "Marsh" not in page


async def test_the_metrics_count_them(as_olivia: httpx2.AsyncClient, letter: str, stage: Stage) -> None:
    assert 'portal_jobs_waiting{task="mail"} 1.0' in (await as_olivia.get("/metrics")).text

    await stage.all(FAIL, "failed", letter, "no")

    metrics = (await as_olivia.get("/metrics")).text
    assert 'portal_jobs_waiting{task="mail"} 0.0' in metrics
    assert 'portal_jobs_failed{task="mail"} 1.0' in metrics
