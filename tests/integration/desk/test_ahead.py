"""What a customer forbids holds at the desk from the moment in which they do, also while the CRM does not have it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest
import time_machine

from portal.record.flat import flatten
from portal.record.models import System
from portal.record.read import StoredRecord
from portal.sync.state import Wanted
from portal.sync.want import want
from tests.builders import a_consent, a_window
from tests.integration.desk.reading import part, text
from tests.integration.sync_stage import Stage

IN_HER_HOURS = datetime(2026, 11, 23, 18, 22, tzinfo=UTC)
WHY = "This was changed in the record; the CRM does not have it yet"
MARK = "not in the CRM yet"


@pytest.fixture
async def reachable(stage: Stage, alice: StoredRecord) -> StoredRecord:
    """Alice, who may be called about offers too, as the CRM knows."""
    await stage.says(alice.record.id, a_consent("offers", "phone"), action="consent:given")
    await stage.settle()
    return await stage.stored(alice.record.id)


@pytest.fixture(autouse=True)
async def _delivered_in_the_end(stage: Stage) -> AsyncIterator[None]:
    yield
    await stage.settle()


async def page(browser: httpx2.AsyncClient, stored: StoredRecord) -> str:
    with time_machine.travel(IN_HER_HOURS):
        return (await browser.get(f"/desk/customers/{stored.record.id}")).text


async def test_an_opt_out_is_obeyed_before_the_crm_has_it(
    as_grace: httpx2.AsyncClient, stage: Stage, reachable: StoredRecord
) -> None:
    before = await page(as_grace, reachable)
    assert "Yes, call now" in text(part(before, "head")) and MARK not in before

    for purpose in ("service", "offers"):
        await stage.says(reachable.record.id, a_consent(purpose, "phone", "opt_out"), action="consent:withdrawn")
    sent = await page(as_grace, reachable)

    head, consents = text(part(sent, "head")), text(part(sent, "consents"))
    assert "No: opted out of calls" in head and "Yes, call now" not in head
    assert WHY in head and "changes wait since" in head
    assert f"Offers and news no no {MARK}" in head
    assert consents.count(MARK) == 2

    await stage.settle()
    arrived = await page(as_grace, reachable)
    assert "No: opted out of calls" in text(part(arrived, "head"))
    assert MARK not in arrived and WHY not in arrived


async def test_what_permits_more_waits_for_the_crm(
    as_grace: httpx2.AsyncClient, stage: Stage, reachable: StoredRecord
) -> None:
    await stage.says(reachable.record.id, a_consent("surveys", "phone"), action="consent:given")

    sent = await page(as_grace, reachable)

    assert "Asking how we did no" in text(part(sent, "head"))
    assert MARK not in sent and WHY not in sent


async def test_a_time_that_is_unwelcome_is_so_at_once(
    as_grace: httpx2.AsyncClient, stage: Stage, reachable: StoredRecord
) -> None:
    never = a_window("do_not", weekdays=(1,), start="18:00", end="19:00")
    await stage.says(reachable.record.id, never, action="contact_window:added")

    sent = await page(as_grace, reachable)

    head, reach = text(part(sent, "head")), part(sent, "reach")
    assert "Not now: call from 19:00 today" in head and WHY in head
    assert f"Mondays 18:00–19:00 {MARK}" in text(reach)
    assert "Not welcome: Mondays 18:00–19:00." in reach, "the week is the one that the answer goes by"


async def test_a_time_that_was_taken_back_says_so(
    as_grace: httpx2.AsyncClient, stage: Stage, reachable: StoredRecord
) -> None:
    never = a_window("do_not", weekdays=(1,), start="18:00", end="19:00")
    await stage.says(reachable.record.id, never, action="contact_window:added")
    await stage.settle()
    await stage.says(reachable.record.id, dict.fromkeys(never), action="contact_window:removed")

    reach = part(await page(as_grace, reachable), "reach")

    assert "Mondays 18:00–19:00 Removed or changed meanwhile; the CRM does not know yet." in text(reach)
    assert "Not welcome: Mondays" not in reach, "the week is as the customer wants it now"


async def test_a_number_that_was_removed_is_not_called(
    as_grace: httpx2.AsyncClient, stage: Stage, reachable: StoredRecord
) -> None:
    phone = next(p for p in reachable.record.contact_points if p.system is System.PHONE)
    gone = {path: None for path in flatten(reachable.record) if path.startswith(f"contact_points/{phone.id}/")}
    await stage.says(reachable.record.id, gone, action="contact_point:removed")

    sent = await page(as_grace, reachable)

    assert "No: there is no phone number" in text(part(sent, "head"))
    assert 'href="tel:' not in sent
    assert "Removed or changed meanwhile; the CRM does not know yet." in text(part(sent, "reach"))


async def test_a_restriction_is_shown_before_the_crm_shows_it(
    as_grace: httpx2.AsyncClient, stage: Stage, reachable: StoredRecord
) -> None:
    await want(stage.stores.worker.database, reachable.record.id, Wanted.RESTRICTED, actor="cli")

    assert not (await stage.sees(reachable.record.id)).restricted
    assert "Processing is restricted." in text(part(await page(as_grace, reachable), "head"))

    await want(stage.stores.worker.database, reachable.record.id, Wanted.RECORD, actor="cli")


async def test_it_takes_no_statement_more(
    as_grace: httpx2.AsyncClient, stage: Stage, reachable: StoredRecord, statements: list[str]
) -> None:
    await stage.says(reachable.record.id, a_consent("offers", "phone", "opt_out"), action="consent:withdrawn")
    statements.clear()

    assert MARK in await page(as_grace, reachable)

    assert len(statements) == 2, "the session, and the card"
