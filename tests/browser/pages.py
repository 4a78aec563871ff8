"""Every page of the portal and the states that it can be in, as tests check them and as pictures are taken of them.
What is done to get there changes nothing: the demo's people are everybody's."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import NAMESPACE_URL, uuid5

from playwright.async_api import Page, expect

from tests.browser.cast import ALICE, GRACE, OLIVIA, OSCAR, Somebody

Act: TypeAlias = Callable[[Page], Awaitable[None]]

ALICE_ID = uuid5(NAMESPACE_URL, f"demo:{ALICE.number}")
PHONE = uuid5(NAMESPACE_URL, f"{ALICE.number}+442079460018")
WINDOW = uuid5(ALICE_ID, f"{('do', 'phone')} {(1, 2, 3, 4, 5)}")
NOTE = uuid5(ALICE_ID, "key")
CARD = f"/desk/customers/{ALICE_ID}"

INVITED = f"/desk/customers/{uuid5(NAMESPACE_URL, 'demo:20347')}/logins"

NOBODY_YET = Somebody("mallory", "/login/outcome")
NO_ROLE = Somebody("mallory", "/login/outcome", staff=True)


@dataclass(frozen=True)
class Shown:
    """A page in a state; `act` brings it about once the page is open. `part` is what is new of it there, where the
    rest is listed as a page of its own."""

    name: str
    who: Somebody | None
    path: str
    act: Act | None = None
    part: str | None = None


def follow(selector: str, appears: str) -> Act:
    """Follow a link or press a button, and wait for what it brings."""

    async def act(page: Page) -> None:
        await page.locator(selector).first.click()
        await expect(page.locator(appears).first).to_be_visible()

    return act


def form(card: str) -> Act:
    """Open the form of a card, in its place."""
    return follow(f"#{card}-edit", f"#{card} form")


async def _wrong_profile(page: Page) -> None:
    await form("profile-about")(page)
    await page.locator("[name=given_name]").fill("")
    await follow("#profile-about form button", "#profile-about .problems")(page)


async def _wrong_window(page: Page) -> None:
    await form("windows")(page)
    await follow("#windows form button[value=save]", "#windows .problems")(page)


async def _wrong_point(page: Page) -> None:
    await page.locator("#points form [name=value]").fill("nobody at home")
    await follow("#points form button[value=save]", "#points .problems")(page)


async def _conflict(page: Page) -> None:
    """As if the form had been made before the record got its last changes."""
    await form("profile-about")(page)
    await page.locator("#profile-about [name=seq]").evaluate("input => { input.value = 1 }")
    await page.locator("[name=call_me]").fill("Ally")
    await page.locator("[name=pronunciation]").fill("ALL-ee")
    await follow("#profile-about form button", "#profile-about fieldset")(page)


async def _draft(page: Page) -> None:
    """As if the session had ended while somebody typed, and they had logged in again."""
    session = [cookie for cookie in await page.context.cookies() if cookie["name"] == "portal_session"]
    await page.context.clear_cookies(name="portal_session")
    await page.locator("[name=value]").fill("Signal: alice.05")
    await page.locator("button[value=save]").click()
    await expect(page).to_have_url(re.compile("/oauth2/authorize"))
    await page.context.add_cookies([{**cookie} for cookie in session])  # type: ignore[typeddict-item]
    await page.goto("/record/contact-points?system=messaging")
    await expect(page.get_by_role("status").filter(has=page.locator("[value=discard]"))).to_be_visible()


async def _wrong_code(page: Page) -> None:
    await page.locator("[name=code]").fill("7K3M-4")
    await follow("main form button", ".problems")(page)


async def _who_waits(page: Page) -> None:
    await follow("main .rows a", "#whose-title")(page)


async def _compare(page: Page) -> None:
    await _who_waits(page)
    await page.locator("#q").last.fill("20102")
    await follow("main .search button", "main .rows .edit")(page)
    await follow("main .rows .edit", "#compare-title")(page)


async def _menu(page: Page) -> None:
    await follow(".menu summary", ".menu button")(page)


async def _plots(page: Page) -> None:
    """The first sample is made some seconds after a worker starts."""
    await expect(page.locator("#plots canvas")).to_have_count(4, timeout=30_000)


PAGES = [
    Shown("public", None, "/"),
    Shown("login-failed", None, "/login/callback/customer/main?state=lost"),
    Shown("login-pending", NOBODY_YET, ""),
    Shown("login-no-role", NO_ROLE, ""),
    Shown("invitation", None, "/invitation"),
    Shown("invitation-wrong", None, "/invitation", _wrong_code),
    Shown("invitation-lost", None, "/login/connect"),
    Shown("mailbox", None, "/demo/mailbox"),
    Shown("not-found", None, "/nowhere"),
    Shown("not-allowed", GRACE, "/audit"),
    Shown("record", ALICE, "/record"),
    Shown("record-menu", ALICE, "/record", _menu, part=".bar"),
    Shown("record-about", ALICE, "/record", form("profile-about"), part="#profile-about"),
    Shown("record-about-alone", ALICE, "/record/profile/about"),
    Shown("record-about-wrong", ALICE, "/record", _wrong_profile, part="#profile-about"),
    Shown("record-service", ALICE, "/record", form("profile-service"), part="#profile-service"),
    Shown("record-point-new", ALICE, "/record", follow("#points-add-phone", "#points form"), part="#points"),
    Shown("record-point", ALICE, f"/record/contact-points/{PHONE}"),
    Shown("record-point-wrong", ALICE, f"/record/contact-points/{PHONE}", _wrong_point),
    Shown("record-draft", ALICE, "/record/contact-points?system=messaging", _draft),
    Shown("record-window-new", ALICE, "/record", form("windows"), part="#windows"),
    Shown("record-window", ALICE, f"/record/contact-windows/{WINDOW}"),
    Shown("record-window-wrong", ALICE, "/record", _wrong_window, part="#windows"),
    Shown("record-consents", ALICE, "/record/consents"),
    Shown("record-note", ALICE, f"/record/notes/{NOTE}"),
    Shown("record-note-wrong", ALICE, "/record", follow("#notes form button", "#notes .problems"), part="#notes"),
    Shown("record-conflict", ALICE, "/record", _conflict, part="#profile-about"),
    Shown("delivery", ALICE, "/record/delivery"),
    Shown("history", ALICE, "/record/changes"),
    Shown("devices", ALICE, "/record/devices"),
    Shown("ways", ALICE, "/record/logins"),
    Shown("desk", GRACE, "/desk"),
    Shown("desk-search", GRACE, "/desk?q=al"),
    Shown("desk-nobody", GRACE, "/desk?q=zzzz"),
    Shown("desk-card", GRACE, CARD),
    Shown("desk-section", GRACE, CARD, form("section-account"), part="#section-account"),
    Shown("desk-answer", GRACE, CARD, follow("#notes .edit", "#notes form"), part="#notes"),
    Shown("desk-logins", GRACE, INVITED),
    Shown("desk-invite", GRACE, f"{CARD}/invitation"),
    Shown("desk-waiting", GRACE, "/desk/logins"),
    Shown("desk-refused", GRACE, "/desk/logins?refused=1"),
    Shown("desk-waiting-login", GRACE, "/desk/logins", _who_waits),
    Shown("desk-connect", GRACE, "/desk/logins", _compare),
    Shown("audit", OSCAR, "/audit"),
    Shown("audit-filtered", OSCAR, f"/audit?customer={ALICE.number}&actor=customer&action=consent"),
    Shown("audit-nothing", OSCAR, "/audit?customer=99999"),
    Shown("audit-delivered", OSCAR, "/audit?delivery=everywhere"),
    Shown("audit-waiting", OSCAR, "/audit?delivery=waiting"),
    Shown("audit-wrong", OSCAR, "/audit?after=yesterday"),
    Shown("audit-change", OSCAR, f"/audit/changes/{ALICE_ID}/2"),
    Shown("audit-verified", OSCAR, "/audit", follow("#integrity button", "#integrity time"), part="#integrity"),
    Shown("audit-events", OSCAR, "/audit/events"),
    Shown("audit-events-nothing", OSCAR, "/audit/events?kind=login:refused&before=2020-01-01"),
    Shown("audit-events-wrong", OSCAR, "/audit/events?after=yesterday"),
    Shown("operations", OLIVIA, "/operations"),
    Shown("operations-crm", OLIVIA, "/operations/crms/embedded", _plots),
    Shown("devices-staff", GRACE, "/devices?ended=1"),
]  # fmt: skip
