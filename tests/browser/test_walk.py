"""The walk: a customer changes their record, an agent reads it, an auditor finds it, and nobody else sees any of it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from portal.record.read import StoredRecord
from tests.browser.cast import BOB, GRACE, OSCAR, Entrance, Somebody, choose_login
from tests.browser.desk_page import answer_note, change_plan
from tests.browser.record_page import RecordPage, mark, was_not_left
from tests.browser.stack import Stack

KEY = "The engineer may use the key at number 12."
ANSWER = "Thank you, I have put it on the order for Tuesday."
TODAY = "today at"


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
async def test_the_walk(enter: Entrance, stack: Stack, alice: Somebody, scripts: bool) -> None:
    # Given Alice, whose record customer care has made
    page = await enter(path="/login", javascript=scripts)
    await choose_login(page, alice.login)
    hers = RecordPage(page, scripts)
    await she_sees_her_record(hers)

    # When she changes what is hers, then it is saved, and she is told when it was in the CRM
    if scripts:
        await mark(page)
    await she_changes_what_is_hers(hers)
    if scripts:
        assert await was_not_left(page)

    # When Grace finds her, then she sees what Alice said, and when; she corrects the plan and answers
    desk = await enter(GRACE)
    await grace_finds_her(desk, alice)
    await grace_sees_what_she_said(desk)
    await change_plan(desk, "Home plus")
    await answer_note(desk, ANSWER)

    # Then Alice sees both, without asking where scripts run
    await she_sees_both(hers)

    # When Oscar looks into the log, then he finds each of it, with before and after
    log = await enter(OSCAR)
    await oscar_finds_each_of_it(log, alice)

    # Then the log holds; and once the database's owner has altered it, that is told
    await it_can_be_proved(stack, alice)

    # Then Bob cannot see or touch any of it, and neither can a stranger
    addresses = await addresses_of(stack, alice)
    await nobody_else_gets_in(await enter(BOB), addresses, stranger=False)
    await nobody_else_gets_in(await enter(), addresses, stranger=True)


async def she_sees_her_record(hers: RecordPage) -> None:
    await expect(hers.page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Good \w+, Alice$"))
    for title in (
        "About you", "How to reach you", "When to contact you", "What helps you", "Your account", "What you agree to",
        "What you told us", "Where your changes are", "What agents see", "Who looked",
    ):  # fmt: skip
        await expect(hers.card(title)).to_be_visible()
    await expect(hers.value("About you", "Preferred language")).to_contain_text("English")
    await expect(hers.card("How to reach you")).to_contain_text("+44 20 7946 0018")
    await expect(hers.card("When to contact you")).to_contain_text("Mon–Fri, 17:00–20:00")
    await expect(hers.card("Who looked")).to_contain_text("Nobody has opened your record yet.")


async def she_changes_what_is_hers(hers: RecordPage) -> None:
    form = await hers.change("About you")
    await form.get_by_label("Preferred language").select_option(label="French")
    await hers.save(form)
    await hers.sees_it_arrive("About you")
    await expect(hers.value("About you", "Preferred language")).to_contain_text("French")

    form = await hers.change("When to contact you", "Mon–Fri, 17:00–20:00")
    await form.get_by_label("Until").fill("21:30")
    await hers.save(form)
    await hers.sees_it_arrive("When to contact you")
    await expect(hers.card("When to contact you")).to_contain_text("Mon–Fri, 17:00–21:30")

    await hers.switch("E-mail", "Offers and news", on=False)
    await hers.sees_it_arrive("What you agree to")
    await expect(hers.card("What you agree to")).to_contain_text("last opted out on")

    await hers.add_note(KEY)
    await hers.sees_it_arrive("What you told us")
    await expect(hers.card("What you told us").get_by_role("article")).to_contain_text(KEY)


async def grace_finds_her(desk: Page, alice: Somebody) -> None:
    search = desk.get_by_label("Find a customer")
    await search.fill("alic mars")  # there are more of that name than a list begins with
    await expect(desk.get_by_role("listitem").get_by_role("link", name="Alice Marsh").first).to_be_visible()
    await search.fill(alice.email)
    hit = desk.get_by_role("listitem").filter(has_text=alice.number)
    await expect(hit.get_by_role("link", name="Alice Marsh")).to_be_visible()
    await search.fill(alice.number)
    await search.press("Enter")
    await expect(desk.get_by_role("heading", level=1)).to_have_text("Alice Marsh")
    await expect(desk.get_by_role("region", name="Alice Marsh")).to_contain_text(alice.number)


async def grace_sees_what_she_said(desk: Page) -> None:
    language = desk.locator("dl > div").filter(has=desk.get_by_text("Preferred language", exact=True))
    await expect(language).to_contain_text("French")
    await expect(language).to_contain_text(re.compile(f"customer, {TODAY}", re.IGNORECASE))
    await expect(desk.get_by_role("region", name="How and when to reach them")).to_contain_text("17:00–21:30")
    await expect(desk.get_by_role("region", name="What was agreed")).to_contain_text("opted out")
    note = desk.get_by_role("article").filter(has_text=KEY)
    await expect(note).to_contain_text(TODAY)


async def she_sees_both(hers: RecordPage) -> None:
    if hers.scripts:
        await hers.page.locator("#live").get_by_role("link", name="Show").click()
    else:
        await hers.page.goto("/record")
    await expect(hers.value("Your account", "Plan")).to_contain_text("Home plus")
    note = hers.card("What you told us").get_by_role("article").filter(has_text=KEY)
    await expect(note).to_contain_text(ANSWER)
    await expect(note).to_contain_text("Grace Okafor, customer care")
    await expect(hers.card("Who looked")).to_contain_text("Grace Okafor")


async def oscar_finds_each_of_it(log: Page, alice: Somebody) -> None:
    await log.get_by_label("Customer number").fill(alice.number)
    await log.get_by_role("button", name="Show").click()
    rows = log.get_by_role("row")
    for action, who, *words in (
        ("profile:changed", "Customer", "Preferred language", "English", "French"),
        ("contact_window:changed", "Customer", "20:00", "21:30"),
        ("consent:withdrawn", "Customer", "opted out"),
        ("note:added", "Customer", KEY),
        ("note:answered", "Grace Okafor", ANSWER),
        ("profile:merged", "Grace Okafor", "Plan", "Home", "Home plus"),
    ):
        row = rows.filter(has_text=action).filter(has_text=words[-1])
        await expect(row).to_have_count(1)
        for word in (who, *words):
            await expect(row).to_contain_text(word)

    # By actor, action and time: the filters are in the address, which can be handed on.
    await log.get_by_role("combobox", name="By").select_option("agent")
    await log.get_by_role("button", name="Show").click()
    await expect(rows.filter(has_text="note:answered")).to_have_count(1)
    await expect(rows.filter(has_text="note:added")).to_have_count(0)
    await log.goto(f"/audit?customer={alice.number}&action=consent&after={datetime.now(UTC):%Y-%m-%d}")
    await expect(rows.filter(has_text="consent:withdrawn")).to_have_count(1)
    await expect(rows).to_have_count(2)  # the head is a row too
    await log.goto(f"/audit?customer={alice.number}&before=2020-01-01")
    await expect(log.get_by_text("Nothing in the log fits these filters.")).to_be_visible()


async def it_can_be_proved(stack: Stack, alice: Somebody) -> None:
    code, said = await stack.portal("audit", "verify")
    assert code == 0, said
    assert "Every chain holds" in said

    async with tampered(stack, alice) as (chain, seq):
        code, said = await stack.portal("audit", "verify")
    assert code == 1, said
    assert f"chain {chain}, change {seq}" in said
    assert alice.number in said


@asynccontextmanager
async def tampered(stack: Stack, alice: Somebody) -> AsyncIterator[tuple[str, int]]:
    """For as long as it lasts, a consent that was withdrawn reads as one that was given."""
    async with stack.as_administrator() as administrator:
        found = await administrator.execute(
            "SELECT c.chain, r.seq, r.entry FROM portal.customer c JOIN portal.change_record r ON r.customer_id = c.id"
            " WHERE c.id = %s AND r.action = 'consent:withdrawn'",
            [alice.id],
        )
        [(chain, seq, entry)] = await found.fetchall()
        rewrite = "UPDATE portal.change_record SET entry = %s WHERE customer_id = %s AND seq = %s"
        altered = entry.replace(b"consent:withdrawn", b"consent:given")
        assert (await administrator.execute(rewrite, [altered, alice.id, seq])).rowcount == 1
        yield str(chain), seq
        await administrator.execute(rewrite, [entry, alice.id, seq])


async def addresses_of(stack: Stack, alice: Somebody) -> list[str]:
    """Every address at which something of hers is."""
    async with stack.as_administrator() as administrator:
        ids = {}
        for table in ("contact_point", "contact_window", "note"):
            found = await administrator.execute(
                f"SELECT id FROM portal.{table} WHERE customer_id = %s ORDER BY id LIMIT 1".encode(), [alice.id]
            )
            [[ids[table]]] = await found.fetchall()
    return [
        f"/record/contact-points/{ids['contact_point']}",
        f"/record/contact-windows/{ids['contact_window']}",
        f"/record/notes/{ids['note']}",
        f"/desk/customers/{alice.id}",
        f"/desk/customers/{alice.id}/fields/account",
        f"/desk/customers/{alice.id}/notes/{ids['note']}/answer",
        f"/audit/changes/{alice.id}/2",
        f"/audit?customer={alice.number}",
        "/audit/export.csv",
        "/operations",
    ]


async def nobody_else_gets_in(page: Page, addresses: list[str], *, stranger: bool) -> None:
    for address in addresses:
        response = await page.goto(address)
        assert response
        words = await page.content()
        assert KEY not in words and "+44 20 7946 0018" not in words, address
        if stranger or not address.startswith("/record"):
            # To the provider's page, which does not know either who would be let in.
            await expect(page.locator("button[name=sub]").first, address).to_be_visible()
        else:
            assert response.status == 404, address


async def test_what_arrived_is_what_was_delivered(
    enter: Entrance, stack: Stack, alice: Somebody, alice_record: StoredRecord
) -> None:
    """The time that the page names is that of the delivery."""
    hers = RecordPage(await enter(alice))

    await hers.add_note(KEY)
    await hers.sees_it_arrive("What you told us")

    async with stack.as_administrator() as administrator:
        found = await administrator.execute(
            "SELECT d.at AT TIME ZONE 'Europe/London', s.base IS NOT NULL FROM portal.delivery d"
            " JOIN portal.sync_state s USING (customer_id, connector)"
            " WHERE d.customer_id = %s ORDER BY d.through_seq DESC LIMIT 1",
            [alice.id],
        )
        [(at, known_there)] = await found.fetchall()
    await expect(hers.card("What you told us").locator(".saved")).to_contain_text(f"at {at:%H:%M}.")
    assert known_there
