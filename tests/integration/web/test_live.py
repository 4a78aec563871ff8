"""Live updates: an open page is told that something changed, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import httpx2
import pytest

from portal.record.read import StoredRecord
from portal.web import announcements, live
from tests.conftest import Stores
from tests.integration.web.browsing import Served, a_browser, a_session

CHANGED = "event: changed\nid: 1\ndata: \n\n"


class Heard:
    """What came over a stream so far."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._pieces = response.aiter_text()

    async def next(self) -> str:
        """What comes next, comments left out."""
        async with asyncio.timeout(10):
            async for piece in self._pieces:
                if not piece.startswith(":"):
                    return piece
        return ""


@asynccontextmanager
async def listening_to(browser: httpx2.AsyncClient, **headers: str) -> AsyncIterator[Heard]:
    sent = {"accept": "text/html, text/event-stream"} | {k.replace("_", "-"): v for k, v in headers.items()}
    async with browser.stream("GET", "/test/live", headers=sent) as response:
        yield Heard(response)


async def announce(stores: Stores, *customers: UUID) -> None:
    """What the drain does after each batch."""
    await stores.worker.database.fetch_all(
        "INSERT INTO portal.announcement (customer_id) SELECT unnest(%s::uuid[])", [list(customers)]
    )


@pytest.mark.asvs("8.2.2")
async def test_a_page_hears_of_its_own_record_and_of_no_other(
    as_alice: httpx2.AsyncClient, alice: StoredRecord, bob: StoredRecord, stores: Stores
) -> None:
    async with listening_to(as_alice) as heard:
        assert heard.response.headers["content-type"].startswith("text/event-stream")
        assert heard.response.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in heard.response.headers
        assert await heard.next() == "retry: 1000\nid: 1\n\n"

        await announce(stores, bob.record.id)
        await asyncio.sleep(2 * announcements.SECONDS_BETWEEN_POLLS)
        await announce(stores, alice.record.id, alice.record.id)

        assert await heard.next() == CHANGED
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(heard.next(), 1)


async def test_a_change_between_the_page_and_its_stream_is_not_missed(
    as_alice: httpx2.AsyncClient, alice: StoredRecord, stores: Stores
) -> None:
    await announce(stores, alice.record.id)

    async with listening_to(as_alice) as heard:
        await heard.next()
        assert await heard.next() == CHANGED


async def test_who_comes_back_is_told_to_look_again(as_alice: httpx2.AsyncClient) -> None:
    async with listening_to(as_alice, last_event_id="1") as heard:
        await heard.next()
        assert await heard.next() == CHANGED


async def test_several_pages_hear_the_same(as_alice: httpx2.AsyncClient, alice: StoredRecord, stores: Stores) -> None:
    async with listening_to(as_alice) as one, listening_to(as_alice) as other:
        await one.next(), await other.next()
        await announce(stores, alice.record.id)

        assert [await one.next(), await other.next()] == [CHANGED, CHANGED]


async def test_the_next_change_is_heard_too(as_alice: httpx2.AsyncClient, alice: StoredRecord, stores: Stores) -> None:
    async with listening_to(as_alice) as heard:
        await heard.next()
        for _ in range(3):
            await announce(stores, alice.record.id)
            assert await heard.next() == CHANGED


async def test_too_many_pages_of_one_person_are_refused(
    served: Served, stores: Stores, alice: StoredRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "STREAMS_OF_A_SESSION", 1)
    cookies = await a_session(stores.staff, customer_id=alice.record.id)
    async with a_browser(served.origin, **cookies) as browser, listening_to(browser) as first:
        await first.next()
        async with listening_to(browser) as second:
            assert second.response.status_code == 429


async def test_a_closed_page_makes_room(as_alice: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "STREAMS_OF_A_SESSION", 1)
    for _ in range(3):
        async with listening_to(as_alice) as heard:
            assert heard.response.status_code == 200
        await asyncio.sleep(0.2)


async def test_a_quiet_stream_shows_that_it_is_there(
    as_alice: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SECONDS_BETWEEN_HEARTBEATS", 0.1)
    async with listening_to(as_alice) as heard:
        pieces = heard.response.aiter_text()
        assert [await anext(pieces) for _ in range(3)][1:] == [":\n\n", ":\n\n"]


async def test_a_stream_is_for_who_is_logged_in(stranger: httpx2.AsyncClient) -> None:
    response = await stranger.get("/test/live", headers={"hx-request": "true"})

    assert response.status_code == 401


async def test_nobody_polls_when_nobody_listens(as_alice: httpx2.AsyncClient, stores: Stores) -> None:
    listeners = announcements.Announcements(stores.staff.database)
    with listeners.watching(uuid4(), uuid4()):
        poller = listeners._poller
        assert poller is not None and not poller.done()
    async with asyncio.timeout(5):
        await poller


def test_data_of_several_lines_stays_one_event() -> None:
    assert live.Event(None, "<p>\n</p>").encode() == b"id: 1\ndata: <p>\ndata: </p>\n\n"
    assert live.Event("changed", "").encode().decode() == CHANGED
