"""The customer's record page, as a customer uses it; the same with and without scripts, where each form has a page."""

import re
from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

SAVED = re.compile(r"^\s*Saved\.")
IN_THE_CRM = re.compile(r"^\s*Saved\. In the CRM at \d{2}:\d{2}\.\s*$")


@dataclass
class RecordPage:
    """`scripts` says whether this browser runs any."""

    page: Page
    scripts: bool = True

    def card(self, title: str) -> Locator:
        return self.page.get_by_role("region", name=title, exact=True)

    async def change(self, title: str, what: str | None = None) -> Locator:
        """Open the form of a card, or of one thing in it; gives what is then to be filled in."""
        link = re.compile(rf"^Change\s*: {re.escape(what or title)}$")
        await self.card(title).get_by_role("link", name=link).click()
        form = self.page.locator("form").filter(has=self.page.get_by_role("link", name="Cancel"))
        await expect(form).to_be_visible()
        return form

    async def save(self, form: Locator, button: str = "Save") -> None:
        await form.get_by_role("button", name=button, exact=True).click()

    async def switch(self, channel: str, purpose: str, *, on: bool) -> None:
        """Agree or opt out: a switch saves by itself, without scripts a button does."""
        await self.page.get_by_role("switch", name=re.compile(rf"^{channel}\s*: {purpose}$")).set_checked(on)
        if not self.scripts:
            await self.page.get_by_role("button", name="Save what you agree to").click()

    async def add_note(self, words: str) -> None:
        notes = self.card("What you told us")
        await notes.get_by_label("Add a note").fill(words)
        await notes.get_by_role("button", name="Save note").click()

    async def sees_it_arrive(self, title: str) -> None:
        """The card says that it is saved and then, by itself or when looked at again, when it reached the CRM."""
        status = self.card(title).locator(".saved")
        await expect(status).to_have_text(SAVED)
        if self.scripts:
            await expect(status).to_have_text(IN_THE_CRM)
            return
        for _ in range(50):
            if IN_THE_CRM.match(await status.inner_text()):
                return
            await self.page.reload()
        raise AssertionError(f"not in the CRM: {await status.inner_text()}")

    def value(self, title: str, label: str) -> Locator:
        """What a card says beside a label."""
        row = self.card(title).locator("dl > div").filter(has=self.page.get_by_text(label, exact=True))
        return row.locator("dd").first


async def mark(page: Page) -> None:
    """Leave something behind that only this very page has."""
    await page.evaluate("document.documentElement.dataset.same = 'page'")


async def was_not_left(page: Page) -> bool:
    """Whether it is the page that was marked: nothing was loaded in its place."""
    return bool(await page.evaluate("document.documentElement.dataset.same === 'page'"))
