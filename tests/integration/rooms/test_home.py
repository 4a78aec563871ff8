"""Alice's record as one page."""

from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest

from tests.builders import a_window
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import HTMX, open_form, send


async def test_it_says_what_matters_before_any_form(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given a person with a name to call, and times at which to call
    await alices.change({"profile/call_me": "Ali", "profile/time_zone": "Europe/London", **a_window()})

    page = await as_alice.get("/record")

    assert page.status_code == 200
    assert ", Ali</h1>" in page.text and "we may call you" in page.text.lower()
    assert "Nobody contacts you for marketing." in page.text
    for card in (
        "profile-about",
        "points",
        "windows",
        "profile-account",
        "consents",
        "notes",
        "delivery",
        "mirror",
        "looks",
    ):
        assert f'id="{card}"' in page.text, card
    assert "Times are told in London time." in page.text


async def test_it_takes_one_statement(as_alice: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session, and with it the record with all that is around it. The history page has one of its own."""
    statements: list[str] = []
    execute = psycopg.AsyncCursor.execute

    async def listening(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        statements.append(str(query))
        return await execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", listening)
    for address, reads in (("/record", ["record_read"]), ("/record/changes", ["session_find_v1", "history_v"])):
        statements.clear()
        assert (await as_alice.get(address)).status_code == 200
        assert "session_find_v1" in statements[0]
        assert [read for read, said in zip(reads, statements, strict=True) if read not in said] == []


async def test_she_sees_who_looked(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    for kind, name, via in (
        ("agent", "Grace Okafor", "desk"),
        ("auditor", "Oscar Lindqvist", "audit"),
        ("operator", "olivia", "cli"),
    ):
        await alices.stores.staff.database.fetch_all(
            "INSERT INTO portal.access_record (customer_id, id, actor_kind, actor_id, actor_name, via) "
            "VALUES (%s, %s, %s, 'g', %s, %s)",
            [alices.id, uuid4(), kind, name, via],
        )

    page = await as_alice.get("/record")

    assert "Grace Okafor, customer care" in page.text
    assert "Oscar Lindqvist, auditor" in page.text
    assert "olivia, operator" in page.text


async def test_where_her_changes_are(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given a change that is on its way
    await send(as_alice, await open_form(as_alice, "/record/profile/about"), language="fr")
    waiting = await as_alice.get("/record/delivery?seen=2", headers=HTMX)
    assert "we are not passing anything on just now" in waiting.text, "no worker runs here"
    assert "<html" not in waiting.text

    # When it arrives
    await alices.delivered()
    arrived = await as_alice.get("/record/delivery?seen=2", headers=HTMX)

    # Then the card says when, and so does the card that was saved
    assert "Waiting for" not in arrived.text
    assert '<p id="saved-2" hx-swap-oob="innerHTML">' in arrived.text and "Saved. In the CRM at" in arrived.text

    # And somebody else's change is told, and not put before her eyes unasked
    await alices.change({"profile/account_tier": "home"})
    told = await as_alice.get("/record/delivery?seen=2", headers=HTMX)
    assert "changed something here just now." in told.text
    assert "changed something here just now." not in (await as_alice.get("/record/delivery?seen=3", headers=HTMX)).text


async def test_delivery_has_a_page_of_its_own(as_alice: httpx2.AsyncClient) -> None:
    page = await as_alice.get("/record/delivery?seen=nonsense")

    assert page.status_code == 200 and "<html" in page.text and "Where your changes are" in page.text
