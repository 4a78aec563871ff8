"""What Grace typed at the desk when her session had ended stands there again when she has logged in."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from html import unescape

import httpx2
import pytest

from portal.identity import tokens
from portal.record.read import StoredRecord
from portal.settings import StaffRole
from portal.web import drafts
from tests.conftest import Stores
from tests.integration.rooms.forms_on_page import form_to, open_form, send
from tests.integration.sync_stage import Stage
from tests.integration.web.browsing import Served, a_browser, a_session

LINE = "You typed this before you were logged out. It is not saved yet."

Address = Callable[[StoredRecord], str]
FORMS: dict[str, tuple[Address, dict[str, str]]] = {
    "fields": (lambda her: f"/desk/customers/{her.record.id}/fields/account", {"account_tier": "business"}),
    "answer": (
        lambda her: f"/desk/customers/{her.record.id}/notes/{her.record.notes[0].id}/answer",
        {"body": "It is on the order for Tuesday."},
    ),
}


@asynccontextmanager
async def logged_in_anew(
    served: Served, stores: Stores, browser: httpx2.AsyncClient, *, as_somebody_else: bool = False
) -> AsyncIterator[httpx2.AsyncClient]:
    ended = await stores.staff.database.fetch_one(
        "SELECT whose FROM portal.ended_session WHERE form_hash = %s",
        [tokens.form_hash(tokens.form_secret(browser.cookies["portal_session_staff"]))],
    )
    assert ended is not None
    who = None if as_somebody_else else ended["whose"]
    cookies = await a_session(stores.staff, roles=(StaffRole.AGENT,), name="Grace Okafor", staff_id=who)
    async with a_browser(served.origin, **cookies, portal_draft=browser.cookies[drafts.COOKIE]) as again:
        yield again


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
@pytest.mark.parametrize(("place", "typed"), FORMS.values(), ids=FORMS)
async def test_each_form_comes_back_for_its_own_agent_and_is_saved_once(
    served: Served,
    stores: Stores,
    stage: Stage,
    as_grace: httpx2.AsyncClient,
    alice: StoredRecord,
    place: Address,
    typed: dict[str, str],
    htmx: bool,
) -> None:
    # Given a form that is open while her session ends
    address = place(alice)
    form = await open_form(as_grace, address)
    token = as_grace.cookies["portal_session_staff"]
    await stores.staff.database.fetch_all("DELETE FROM portal.session WHERE token_hash = %s", [tokens.digest(token)])

    # When she sends it
    answer = await send(as_grace, form, typed, htmx=htmx)
    assert answer.status_code == 401
    way = answer.headers["hx-redirect"] if htmx else unescape(answer.text)
    assert "/login?as=staff&next=%2Fdesk%2Fcustomers" in way

    # Then a colleague who logs in there sees nothing of it
    async with logged_in_anew(served, stores, as_grace, as_somebody_else=True) as colleague:
        assert LINE not in (await colleague.get(address)).text

    # And she finds it, as she typed it, with what she had seen
    async with logged_in_anew(served, stores, as_grace) as again:
        page = await again.get(address)
        assert LINE in page.text
        shown = form_to(page.text, address)
        assert {name: shown.fields[name] for name in typed} == {name: [value] for name, value in typed.items()}
        assert {n: shown.fields.get(n) for n in ("seq", "before")} == {n: form.fields.get(n) for n in ("seq", "before")}
        saved = await send(again, shown, htmx=True)
        assert saved.status_code == 200 and "Saved" in saved.text
        assert LINE not in (await again.get(address)).text
