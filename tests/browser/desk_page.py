"""An agent's page of one customer."""

import re

from playwright.async_api import Page, expect


async def change_plan(desk: Page, plan: str) -> None:
    """Correct a field that agents own."""
    account = desk.get_by_role("region", name="Their account")
    await account.get_by_role("link", name="Change").click()
    await account.get_by_label("Plan").select_option(label=plan)
    await account.get_by_role("button", name="Save").click()
    await expect(account.locator(".saved")).to_have_text(re.compile("Saved"))
    await expect(account).to_contain_text(plan)


async def answer_note(desk: Page, words: str) -> None:
    """Answer the only note that is there to be answered."""
    notes = desk.get_by_role("region", name="What the customer told us")
    await notes.get_by_role("link", name="Answer").click()
    await notes.get_by_label("Your answer").fill(words)
    await notes.get_by_role("button", name="Send the answer").click()
    await expect(notes.get_by_role("article")).to_contain_text(words)
