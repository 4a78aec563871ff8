"""Why a change waits, on a page that stays open: what happens to a CRM is told by itself, and so is that it is over."""

import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.browser.cast import Entrance, Somebody
from tests.browser.record_page import RecordPage
from tests.browser.stack import Stack

# As a worker leaves it after some calls without an answer (tests/integration/sync/test_breaker.py), and before.
OPEN = "UPDATE portal.connector_gate SET open_until = now() + interval '1 hour', opened_at = now()"
CLOSED = "UPDATE portal.connector_gate SET open_until = NULL, opened_at = NULL"

PAGE_LOOKS_AGAIN_AFTER = 10_000
A_WHILE = 2 * PAGE_LOOKS_AGAIN_AFTER


@pytest.fixture
async def well(stack: Stack) -> AsyncIterator[None]:
    """Whatever a test does to the CRM, the next one finds it well."""
    yield
    async with stack.as_administrator() as administrator:
        await administrator.execute(CLOSED)
        await administrator.execute("UPDATE portal.connector SET paused_at = NULL, paused_by = NULL")


async def test_an_open_page_is_told_why_a_change_waits(
    enter: Entrance, stack: Stack, alice: Somebody, well: None
) -> None:
    # Given a CRM that an operator has paused, and a change
    code, said = await stack.portal("sync", "pause", "embedded")
    assert code == 0, said
    hers = RecordPage(await enter(alice))
    await hers.add_note("The key is with the neighbour.")
    newest = hers.card("Where your changes are").locator(".where").first
    await expect(newest).to_have_text(
        re.compile(r"Waiting for the CRM since \d\d:\d\d: we have paused it for a while; nothing is lost")
    )

    # When the operator goes on, but the CRM does not answer
    async with stack.as_administrator() as administrator:
        await administrator.execute(OPEN)
    code, said = await stack.portal("sync", "resume", "embedded")
    assert code == 0, said

    # Then the page, which nobody has touched, says so
    await expect(newest).to_have_text(
        re.compile(r"Waiting for the CRM since \d\d:\d\d: it does not answer; we go on trying"), timeout=A_WHILE
    )

    # And when it answers again, that the change is there
    async with stack.as_administrator() as administrator:
        await administrator.execute(CLOSED)
    await expect(newest).to_have_text(re.compile(r"In the CRM at \d\d:\d\d"))
    await hers.sees_it_arrive("What you told us")
