"""What an open page is told: that there is something new, and who did it; never what the agent did themselves."""

import asyncio

import httpx2

from portal.record.read import StoredRecord
from tests.integration.desk.conftest import htmx
from tests.integration.desk.reading import part, text
from tests.integration.sync_stage import Stage


def card(stored: StoredRecord) -> str:
    return f"/desk/customers/{stored.record.id}"


async def test_a_stream_tells_that_the_record_changed(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    async with asyncio.timeout(20), as_grace.stream("GET", f"{card(alice)}/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.aiter_lines()
        await anext(lines)
        await stage.says(alice.record.id, {"profile/language": "de"})
        await stage.settle()

        while await anext(lines) != "event: changed":
            pass


async def test_the_page_then_learns_who_changed_what(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await as_grace.get(card(alice))
    await stage.says(alice.record.id, {"profile/language": "de"})
    await stage.settle()

    update = (await as_grace.get(f"{card(alice)}/now?shown=1", headers=htmx())).text

    assert "The customer, just now: Preferred language." in text(update)
    assert 'hx-target="#live"' in update
    assert "German preferred" in text(part(update, "head")), "the answer is always the newest"
    assert "<form" not in update, "nothing that somebody types in is touched"
    assert "shown=1" in update, "until the agent asks to see it, the page goes on to show the old version"


async def test_nothing_new_is_no_news(as_grace: httpx2.AsyncClient, alice: StoredRecord) -> None:
    update = (await as_grace.get(f"{card(alice)}/now?shown=1", headers=htmx())).text

    assert "just now" not in update


async def test_without_a_script_it_is_the_page(as_grace: httpx2.AsyncClient, alice: StoredRecord) -> None:
    response = await as_grace.get(f"{card(alice)}/now")

    assert (response.status_code, response.headers["location"]) == (303, card(alice))


async def test_a_damaged_version_is_no_version(as_grace: httpx2.AsyncClient, alice: StoredRecord) -> None:
    for shown in ("", "x", "-1", "9" * 30):
        assert (await as_grace.get(f"{card(alice)}/now?shown={shown}", headers=htmx())).status_code == 200
