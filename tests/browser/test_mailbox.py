"""The demo's mailbox: from the letter to the portal, and what a hostile letter can do there."""

from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, expect

from portal import clock
from portal.mail import invitation_mail
from portal.record.change import Intention, change
from portal.record.read import StoredRecord
from tests.browser.cast import Entrance
from tests.browser.stack import Stack
from tests.builders import SYSTEM, a_contact_point, a_customer
from tests.conftest import Stores

CODE = "7F3K-XQ2M-9RTB-4HWD-7F3K-XQ2M-9RTB"

HOSTILE = """From: mallory@example.com
To: alice@example.com
Subject: <script>document.title = 'owned'</script>
Content-Type: text/html; charset=utf-8

<title>hostile</title><script>document.title = 'owned'</script>
<img src="/static/img/mark.svg" onerror="document.title = 'owned'">
<form action="/logout" method="post"><button>Click</button></form><p>Hello</p>
"""


@pytest.fixture
async def carol(records: Stores) -> StoredRecord:
    address = a_contact_point("email", f"carol.{uuid4().hex[:8]}@example.com")
    return await a_customer(records.worker, given_name="Carol", family_name="Ray", values=address)


async def until_it_arrives(page: Page, address: str) -> None:
    letter = page.get_by_role("listitem").filter(has_text=address)
    for _ in range(100):
        if await letter.count():
            await letter.get_by_role("link").click()
            return
        await page.wait_for_timeout(100)
        await page.reload()
    raise AssertionError(f"nothing came for {address}")


async def test_an_invitation_leads_from_the_letter_to_the_portal(
    enter: Entrance, records: Stores, carol: StoredRecord
) -> None:
    [point] = carol.record.contact_points
    jobs = invitation_mail(CODE, clock.now() + timedelta(days=7))
    intention = Intention("login:invited", SYSTEM, uuid4(), notable=True, jobs=jobs)
    await change(records.worker, carol.record.id, intention, {})
    page = await enter(path="/demo/mailbox")

    await until_it_arrives(page, point.value)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Your invitation to your customer record")
    await expect(page.locator("pre")).to_contain_text("Hello Carol Ray,")
    await page.get_by_role("link", name="/invitation#").click()

    await expect(page.locator("[name=code]")).to_have_value(CODE)


async def test_a_hostile_letter_runs_nothing_and_sends_nothing(stack: Stack, chromium: Browser) -> None:
    id = clock.uuid7()
    (stack.folder / "mail" / f"{id}.eml").write_text(HOSTILE)
    context = await chromium.new_context()
    page = await context.new_page()
    asked: list[str] = []
    try:
        for path in ("/demo/mailbox", f"/demo/mailbox/{id}"):
            await page.goto(stack.url + path)
            assert "owned" not in (await page.title()).replace("document.title = 'owned'", "")
        page = await context.new_page()  # what the pages before ask for late is not the letter's
        page.on("requestfinished", lambda request: asked.append(request.url))
        await page.goto(f"{stack.url}/demo/mailbox/{id}/html")
        await page.get_by_role("button", name="Click").click()
        await page.wait_for_timeout(200)

        assert await page.title() == "hostile"
        assert asked == [f"{stack.url}/demo/mailbox/{id}/html"]
    finally:
        await context.close()
        (stack.folder / "mail" / f"{id}.eml").unlink()
