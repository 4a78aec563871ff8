"""The walk once more, in German: for a customer who prefers it, an agent and an auditor whose browsers ask for it."""

import re

from playwright.async_api import expect

from tests.browser.cast import GRACE, OSCAR, Entrance
from tests.browser.conftest import introduced
from tests.browser.stack import Stack
from tests.builders import a_contact_point, a_customer, a_number, a_window
from tests.conftest import Stores

NOTIZ = "Der Zähler hängt im Keller, den Schlüssel hat Frau Sommer im ersten Stock."
ANTWORT = "Vielen Dank, ich habe es für Dienstag vermerkt."
IM_CRM = re.compile(r"^\s*Gespeichert\. In unserem CRM um \d{2}:\d{2} Uhr\.\s*$")


async def test_der_weg_auf_deutsch(enter: Entrance, stack: Stack, records: Stores) -> None:
    # Given Bob, who prefers German
    number = a_number()
    record = await a_customer(
        records.worker,
        number=number,
        values=a_contact_point(value=f"bob.{number.lower()}@example.com")
        | a_window(weekdays=(2, 4), start="09:00", end="11:30", zone="Europe/Berlin"),
        given_name="Bob", family_name="Keller", language="de", time_zone="Europe/Berlin",
    )  # fmt: skip
    bob = await introduced(stack, record)
    page = await enter(bob, language="de")
    await page.get_by_role("region", name="Der Weg Ihrer Änderungen").wait_for()
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.locator("footer")).to_contain_text("Berlin")

    # When he changes a window and leaves a note
    zeiten = page.get_by_role("region", name="Kontaktzeiten")
    await expect(zeiten).to_contain_text("Di, Do, 09:00–11:30")
    await zeiten.get_by_role("link", name=re.compile("^Ändern")).click()
    await zeiten.get_by_label("Bis", exact=True).fill("12:15")
    await zeiten.get_by_role("button", name="Speichern").click()
    await expect(zeiten.locator(".saved")).to_have_text(IM_CRM)
    await expect(zeiten).to_contain_text("Di, Do, 09:00–12:15")
    notizen = page.get_by_role("region", name="Was Sie uns mitgeteilt haben")
    await notizen.get_by_label("Notiz hinzufügen").fill(NOTIZ)
    await notizen.get_by_role("button", name="Notiz speichern").click()
    await expect(notizen.locator(".saved")).to_have_text(IM_CRM)

    # Then Grace finds and answers it
    desk = await enter(GRACE, language="de")
    await desk.get_by_label("Kundensuche").fill(number)
    await desk.get_by_label("Kundensuche").press("Enter")
    await expect(desk.get_by_role("heading", level=1)).to_have_text("Bob Keller")
    mitgeteilt = desk.get_by_role("region", name="Was uns mitgeteilt wurde")
    await expect(mitgeteilt).to_contain_text(NOTIZ)
    await mitgeteilt.get_by_role("link", name=re.compile("^(Antworten|Beantworten)")).click()
    await mitgeteilt.get_by_label("Ihre Antwort").fill(ANTWORT)
    await mitgeteilt.get_by_role("button", name="Antwort senden").click()

    # And Bob reads the answer, and Oscar finds it in the log
    await expect(page.locator("#live")).to_contain_text("hat hier gerade etwas geändert.")
    await page.locator("#live").get_by_role("link", name="Anzeigen").click()
    await expect(notizen.get_by_role("article")).to_contain_text(ANTWORT)
    log = await enter(OSCAR, f"/audit?customer={number}", language="de")
    await expect(log.get_by_role("heading", level=1)).to_have_text("Änderungsprotokoll")
    await expect(log.get_by_role("row").filter(has_text="note:answered")).to_contain_text(ANTWORT)


async def test_who_chooses_german_is_spoken_to_in_german(enter: Entrance, stack: Stack) -> None:
    """At the foot of the page, for this browser; and it stays so."""
    page = await enter()
    await page.locator("button[name=language][value=de]:visible").first.click()
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await page.goto("/")
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.get_by_role("banner").get_by_role("link", name="Anmelden")).to_be_visible()
