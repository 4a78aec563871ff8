"""What Alice typed when her session had ended: kept for her, shown to nobody else, and saved when she says so."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from sqlalchemy import URL

from portal.db.database import Row
from portal.identity import tokens
from portal.record.read import StoredRecord
from portal.web import drafts
from tests.builders import a_consent, a_contact_point, a_note, a_window
from tests.conftest import Stores
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import FoundForm, form_to, open_form, send
from tests.integration.web.browsing import Served, a_browser, a_session

LINE = "You typed this before you were logged out. It is not saved yet."
POINT, WINDOW, NOTE = (UUID(int=number, version=4) for number in (1, 2, 3))

Typed = dict[str, str | list[str]]


@dataclass
class Somebody:
    """A person who logs in anew, in the browser in which their session has ended."""

    served: Served
    stores: Stores
    customer: UUID | None = None

    async def log_out(self, browser: httpx2.AsyncClient) -> None:
        """Behind their back, as an end of all sessions from another device does it."""
        token = browser.cookies["portal_session"]
        await self.stores.staff.database.fetch_all(
            "DELETE FROM portal.session WHERE token_hash = %s", [tokens.digest(token)]
        )

    @asynccontextmanager
    async def log_in(
        self, browser: httpx2.AsyncClient, customer: UUID | None = None
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """Somebody logs in, in the same browser."""
        cookies = await a_session(self.stores.staff, customer_id=customer or self.customer)
        kept = {name: browser.cookies[name] for name in (drafts.COOKIE,) if name in browser.cookies}
        async with a_browser(self.served.origin, **cookies, **kept) as again:
            yield again


@pytest.fixture
def her(served: Served, stores: Stores, alice: StoredRecord) -> Somebody:
    return Somebody(served, stores, alice.record.id)


@pytest.fixture
async def filled(alices: Elsewhere) -> Elsewhere:
    """Her record, with one of everything that has a form."""
    point = a_contact_point("messaging", "Signal: alice.04", id=POINT, rank=7)
    await alices.change(point | a_window(id=WINDOW) | a_note(id=NOTE) | a_consent("offers", "phone"))
    return alices


@pytest.fixture
def later(database_url: URL) -> Callable[[str, str, str], None]:
    """As if time had passed for all rows of a table."""
    address = database_url.set(drivername="postgresql").render_as_string(hide_password=False)

    def pass_by(table: str, column: str, by: str) -> None:
        with psycopg.connect(address, autocommit=True) as owner:
            owner.execute(f"UPDATE portal.{table} SET {column} = {column} - interval '{by}'".encode())

    return pass_by


FORMS: dict[str, tuple[str, Typed]] = {
    "profile": ("/record/profile/about", {"given_name": "Alicia", "call_me": "Ally, “the” <b>"}),
    "profile with several lines": ("/record/profile/service", {"good_to_know": "Ring twice.\r\nThen wait."}),
    "a new contact point": ("/record/contact-points?system=email", {"value": "not an address yet", "use": "work"}),
    "a contact point": (f"/record/contact-points/{POINT}", {"value": "Signal: alice.05", "action": "save"}),
    "a new window": ("/record/contact-windows", {"weekdays": ["6", "7"], "start": "10:00", "end": "not yet"}),
    "a window": (f"/record/contact-windows/{WINDOW}", {"weekdays": ["2"], "kind": "do_not", "action": "save"}),
    "a new note": ("/record/notes", {"body": "The bell is\r\nbroken. <script>"}),
    "a note": (f"/record/notes/{NOTE}", {"body": "Another key.", "action": "save"}),
}


@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
@pytest.mark.parametrize(("address", "typed"), FORMS.values(), ids=FORMS)
async def test_each_form_comes_back_as_it_was_typed(
    her: Somebody, as_alice: httpx2.AsyncClient, filled: Elsewhere, address: str, typed: Typed, htmx: bool
) -> None:
    # Given a form that she has open while her session ends
    form = await open_form(as_alice, address)
    before = await filled.stored()
    await her.log_out(as_alice)

    # When she sends it
    answer = await send(as_alice, form, typed, htmx=htmx)

    # Then she is led to the login, and from there back to it
    way = "/login?" + str(httpx2.QueryParams({"next": address}))
    assert answer.status_code == 401
    assert (answer.headers["hx-redirect"] if htmx else _goes_on_to(answer.text)) == way
    assert "portal_draft=" in answer.headers["set-cookie"] and "HttpOnly" in answer.headers["set-cookie"]

    # And there it stands when she has logged in, with the version that it was made from and the new session's token
    async with her.log_in(as_alice) as again:
        page = await again.get(address)
        assert LINE in page.text
        shown = form_to(page.text, address)
        said = {name: shown.fields[name] for name in typed if name != "action"}
        assert _lines(said) == _lines({name: typed[name] for name in said})
        assert shown.fields["seq"] == form.fields["seq"]
        assert shown.fields["form_token"] != form.fields["form_token"]
    assert (await filled.stored()).record == before.record, "nothing is sent by itself"


def _goes_on_to(page: str) -> str:
    """Where a page goes by itself: not by a redirect, which browsers would take for one from a form to the provider."""
    found = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', page)
    assert found, page[:2000]
    return unescape(found[1])


def _lines(fields: Mapping[str, str | list[str]]) -> dict[str, list[list[str]]]:
    """The lines of what each field says: browsers send them with other ends than they get."""
    each = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    return {name: [text.splitlines() for text in values] for name, values in each.items()}


async def test_she_saves_it_and_it_is_gone(her: Somebody, as_alice: httpx2.AsyncClient, filled: Elsewhere) -> None:
    address = "/record/profile/about"
    form = await open_form(as_alice, address)
    await her.log_out(as_alice)
    await send(as_alice, form, call_me="Ally")

    async with her.log_in(as_alice) as again:
        answer = await send(again, await open_form(again, address))

        assert answer.status_code == 303 and 'portal_draft=""' in answer.headers["set-cookie"]
        assert (await filled.record()).profile["call_me"] == "Ally"
        assert LINE not in (await again.get(address)).text


async def test_she_throws_it_away(her: Somebody, as_alice: httpx2.AsyncClient, filled: Elsewhere) -> None:
    address = f"/record/notes/{NOTE}"
    form = await open_form(as_alice, address)
    await her.log_out(as_alice)
    await send(as_alice, form, body="Nobody has a key.", action="save")

    async with her.log_in(as_alice) as again:
        page = await again.get(address)
        token = form_to(page.text, address).fields["form_token"][0]
        answer = await again.post(address, data={"form_token": token, "action": "discard"})

        assert (answer.status_code, answer.headers["location"]) == (303, address)
        fresh = await open_form(again, address)
        assert fresh.fields["body"] == ["The engineer may use the key at number 12."]
    assert (await filled.record()).notes[0].body == "The engineer may use the key at number 12."


async def test_discarding_wants_the_token_of_the_session(her: Somebody, as_alice: httpx2.AsyncClient) -> None:
    form = await open_form(as_alice, "/record/notes")
    await her.log_out(as_alice)
    await send(as_alice, form, body="Please knock.")

    async with her.log_in(as_alice) as again:
        refused = await again.post("/record/notes", data={"form_token": "made-up", "action": "discard"})

        assert refused.status_code == 403
        assert "Please knock." in (await again.get("/record/notes")).text


async def test_who_changed_the_same_meanwhile_is_not_overwritten(
    her: Somebody, as_alice: httpx2.AsyncClient, filled: Elsewhere
) -> None:
    address = "/record/profile/about"
    form = await open_form(as_alice, address)
    await her.log_out(as_alice)
    await send(as_alice, form, call_me="Ally")
    await filled.change({"profile/call_me": "Miss Marsh"})

    async with her.log_in(as_alice) as again:
        asked = await send(again, await open_form(again, address))

        assert asked.status_code == 409
        assert "Miss Marsh" in asked.text and "Ally" in asked.text
    assert (await filled.record()).profile["call_me"] == "Miss Marsh"


async def test_what_is_wrong_in_it_is_told_when_it_is_saved(
    her: Somebody, as_alice: httpx2.AsyncClient, filled: Elsewhere
) -> None:
    address = "/record/contact-points?system=email"
    form = await open_form(as_alice, address)
    await her.log_out(as_alice)
    await send(as_alice, form, value="nobody at home", action="save")

    async with her.log_in(as_alice) as again:
        page = await again.get(address)
        assert "There is a problem" not in page.text
        answer = await send(again, form_to(page.text, address), action="save")

        assert answer.status_code == 422 and "nobody at home" in answer.text


class TestConsents:
    ADDRESS = "/record/consents"

    async def test_a_switch_comes_back_switched_and_the_others_as_they_are_by_now(
        self, her: Somebody, as_alice: httpx2.AsyncClient, filled: Elsewhere
    ) -> None:
        # Given a switch that she used when she was logged out, and another one that was changed since
        form = await open_form(as_alice, self.ADDRESS)
        agreed = form.fields["agreed"]
        assert "offers/phone" in agreed and "offers/email" not in agreed
        await her.log_out(as_alice)
        switched = [*agreed, "offers/email"]
        answer = await send(as_alice, form, agreed=switched, switched="offers/email", htmx=True)
        assert answer.status_code == 401
        await filled.change(a_consent("offers", "phone", "opt_out"))

        # Then the page shows hers as she left it, and the other one as it is
        async with her.log_in(as_alice) as again:
            shown = await open_form(again, self.ADDRESS)
            assert set(shown.fields["agreed"]) == {*agreed, "offers/email"} - {"offers/phone"}
            assert set(shown.fields["shown_agreed"]) == {*agreed} - {"offers/phone"}
            assert "switched" not in shown.fields

            # And nothing else is decided when she saves it
            await send(again, shown)
        said = {(c.purpose, c.channel): c.status.value for c in (await filled.record()).consents}
        assert said == {("offers", "phone"): "opt_out", ("offers", "email"): "opt_in"}

    async def test_where_scripts_run_nothing_is_sent_by_a_switch_of_it(
        self, her: Somebody, as_alice: httpx2.AsyncClient
    ) -> None:
        form = await open_form(as_alice, self.ADDRESS)
        await her.log_out(as_alice)
        await send(as_alice, form, agreed=["offers/email"])

        async with her.log_in(as_alice) as again:
            page = (await again.get(self.ADDRESS)).text
            assert LINE in page and "hx-trigger" not in page.split('class="grid"')[1].split("</form>")[0]
            assert "without-script" not in page


class TestOthers:
    async def test_another_person_in_that_browser_never_sees_it(
        self, her: Somebody, as_alice: httpx2.AsyncClient, bob: StoredRecord
    ) -> None:
        form = await open_form(as_alice, "/record/notes")
        await her.log_out(as_alice)
        await send(as_alice, form, body="For no other eyes.")

        async with her.log_in(as_alice, bob.record.id) as as_bob:
            for address in ("/record/notes", "/record", "/record/profile/about"):
                page = (await as_bob.get(address)).text
                assert "For no other eyes." not in page and LINE not in page
            # Nor can he throw it away
            token = (await open_form(as_bob, "/record/notes")).fields["form_token"][0]
            await as_bob.post("/record/notes", data={"form_token": token, "action": "discard"})

        async with her.log_in(as_alice) as again:
            assert LINE in (await again.get("/record/notes")).text

    async def test_the_same_person_in_another_browser_does_not_see_it_either(
        self, her: Somebody, as_alice: httpx2.AsyncClient, served: Served, stores: Stores
    ) -> None:
        form = await open_form(as_alice, "/record/notes")
        await her.log_out(as_alice)
        await send(as_alice, form, body="Typed here.")

        for made_up in ({}, {drafts.COOKIE: tokens.new()}, {drafts.COOKIE: "x"}):
            cookies = await a_session(stores.staff, customer_id=her.customer)
            async with a_browser(served.origin, **cookies, **made_up) as elsewhere:
                assert "Typed here." not in (await elsewhere.get("/record/notes")).text

    async def test_a_form_that_is_nobodys_makes_no_draft(self, served: Served, stores: Stores) -> None:
        async with a_browser(served.origin) as mallory:
            answer = await mallory.post("/record/notes", data={"form_token": tokens.new(), "body": "Planted."})

            assert answer.status_code == 401 and drafts.COOKIE not in mallory.cookies
            assert "Planted." in answer.text, "it is given back, so that it can be copied"

    async def test_a_customers_form_is_not_one_of_staff(
        self, her: Somebody, as_alice: httpx2.AsyncClient, filled: Elsewhere
    ) -> None:
        form = await open_form(as_alice, "/record/notes")
        await her.log_out(as_alice)

        answer = await as_alice.post(f"/desk/customers/{uuid4()}/fields/account", data=form.filled({"body": "x"}))

        assert answer.status_code == 401 and drafts.COOKIE not in as_alice.cookies


class TestLoggedInAgainInAnotherTab:
    """A form from before the last login has a token that is no good any more."""

    async def test_without_scripts_it_comes_back_filled_in(
        self, her: Somebody, as_alice: httpx2.AsyncClient, filled: Elsewhere
    ) -> None:
        form = await open_form(as_alice, "/record/notes")
        await her.log_out(as_alice)

        async with her.log_in(as_alice) as again:
            answer = await send(again, form, body="Please knock.")
            assert (answer.status_code, answer.headers["location"]) == (303, "/record/notes")
            assert "Please knock." in (await again.get("/record/notes")).text
        assert "Please knock." not in [note.body for note in (await filled.record()).notes]

    async def test_with_scripts_the_page_gets_a_new_token_and_keeps_everything(
        self, her: Somebody, as_alice: httpx2.AsyncClient, filled: Elsewhere
    ) -> None:
        form = await open_form(as_alice, "/record/notes")
        await her.log_out(as_alice)

        async with her.log_in(as_alice) as again:
            answer = await send(again, form, body="Please knock.", htmx=True)
            assert answer.status_code == 403 and answer.headers["hx-retarget"] == "#notice"
            assert "send it once more" in answer.text
            saved = await send(again, form, form_token=answer.headers["form-token"], body="Please knock.", htmx=True)
            assert saved.status_code == 200
        assert "Please knock." in [note.body for note in (await filled.record()).notes]

    async def test_somebody_else_gets_no_token(
        self, her: Somebody, as_alice: httpx2.AsyncClient, bob: StoredRecord
    ) -> None:
        form = await open_form(as_alice, "/record/notes")

        async with her.log_in(as_alice, bob.record.id) as as_bob:
            for htmx in (False, True):
                answer = await send(as_bob, form, body="From Alice.", htmx=htmx)
                assert answer.status_code == 403 and "form-token" not in answer.headers
                assert drafts.COOKIE not in as_bob.cookies


class TestKeeping:
    async def drafts(self, her: Somebody) -> list[Row]:
        return await her.stores.staff.database.fetch_all(
            "SELECT * FROM portal.draft WHERE whose = %s ORDER BY created_at", [her.customer]
        )

    async def keep(self, her: Somebody, browser: httpx2.AsyncClient, form: FoundForm, body: str) -> httpx2.Response:
        return await send(browser, form, body=body)

    async def test_it_is_sealed_at_rest(self, her: Somebody, as_alice: httpx2.AsyncClient) -> None:
        form = await open_form(as_alice, "/record/notes")
        await her.log_out(as_alice)
        await self.keep(her, as_alice, form, "The alarm code is 4711.")

        (row,) = await self.drafts(her)

        cookie = as_alice.cookies[drafts.COOKIE]
        assert b"4711" not in bytes(row["sealed"]) and cookie not in str(row)
        assert "4711" in (tokens.unseal(cookie, bytes(row["sealed"])) or "")
        assert tokens.unseal(tokens.new(), bytes(row["sealed"])) is None

    async def test_a_browser_has_one_and_a_person_a_few(self, her: Somebody, as_alice: httpx2.AsyncClient) -> None:
        form = await open_form(as_alice, "/record/notes")
        await her.log_out(as_alice)
        for number in range(3):
            await self.keep(her, as_alice, form, f"Try {number}")
        assert len(await self.drafts(her)) == 1

        for number in range(12):
            del as_alice.cookies[drafts.COOKIE]
            await self.keep(her, as_alice, form, f"Forgetful {number}")
        assert len(await self.drafts(her)) == 8

    async def test_too_much_is_given_back_instead(
        self, her: Somebody, as_alice: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(drafts, "MOST_BYTES", 500)
        form = await open_form(as_alice, "/record/notes")
        await her.log_out(as_alice)

        answer = await self.keep(her, as_alice, form, "Very long. " * 100)

        assert answer.status_code == 401 and "Very long. Very long." in answer.text
        assert await self.drafts(her) == []

    @pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
    async def test_where_nobody_can_be_led_back_to_it_is_given_back(
        self, her: Somebody, as_alice: httpx2.AsyncClient, htmx: bool
    ) -> None:
        form = FoundForm(
            "/record/contact-points?system=" + "x" * 3_000, (await open_form(as_alice, "/record/notes")).fields
        )
        await her.log_out(as_alice)

        answer = await send(as_alice, form, body="Please knock.", htmx=htmx)

        assert answer.status_code == 401 and drafts.COOKIE not in as_alice.cookies
        assert "hx-redirect" not in answer.headers, "the page stays, with all that is in it"
        assert htmx or "Please knock." in answer.text

    async def test_a_button_that_says_nothing_of_the_text_keeps_none(
        self, her: Somebody, as_alice: httpx2.AsyncClient, filled: Elsewhere
    ) -> None:
        form = await open_form(as_alice, f"/record/notes/{NOTE}")
        await her.log_out(as_alice)

        answer = await send(as_alice, form, action="remove")

        assert answer.status_code == 401 and _goes_on_to(answer.text).startswith("/login?")
        assert await self.drafts(her) == []

    async def test_after_an_hour_it_is_gone(
        self, her: Somebody, as_alice: httpx2.AsyncClient, later: Callable[[str, str, str], None]
    ) -> None:
        form = await open_form(as_alice, "/record/notes")
        await her.log_out(as_alice)
        answer = await self.keep(her, as_alice, form, "Please knock.")
        assert "Max-Age=3600" in answer.headers["set-cookie"]
        later("draft", "expires_at", "1 hour")

        async with her.log_in(as_alice) as again:
            assert LINE not in (await again.get("/record/notes")).text
        await her.stores.worker.database.fetch_all("SELECT portal.identity_purge_v2()")
        assert await self.drafts(her) == []

    async def test_a_day_after_the_session_its_forms_are_nobodys(
        self, her: Somebody, as_alice: httpx2.AsyncClient, later: Callable[[str, str, str], None]
    ) -> None:
        form = await open_form(as_alice, "/record/notes")
        await her.log_out(as_alice)
        later("ended_session", "ended_at", "25 hours")

        answer = await self.keep(her, as_alice, form, "Late.")

        assert answer.status_code == 401 and "Late." in answer.text
        await her.stores.worker.database.fetch_all("SELECT portal.identity_purge_v2()")
        left = "SELECT count(*) AS n FROM portal.ended_session WHERE ended_at < clock_timestamp() - interval '1 day'"
        assert await her.stores.staff.database.fetch_one(left) == {"n": 0}
