"""How little a request may cost: statements, round trips to PostgreSQL, and bytes. Counts, because they are the same on
every machine; bench/ measures the rest."""

import gzip
import re
from uuid import uuid4

import httpx2
import pytest

from portal.record.change import change
from portal.record.read import StoredRecord
from tests.builders import a_consent, a_note, a_window, an_intention, the_customer
from tests.conftest import Stores
from tests.integration.web.browsing import Served, a_browser, form_token
from tests.integration.web.counting import WARM, Counted, counting, counting_all_calls, counting_calls

STATIC = re.compile(r'(?:href|src)="(/static/[^"]+)"')


async def _get(browser: httpx2.AsyncClient, address: str) -> Counted:
    for _ in range(WARM):
        assert (await browser.get(address)).status_code == 200
    with counting() as counted:
        await browser.get(address)
    return counted


@pytest.mark.parametrize(
    ("address", "statements"),
    [
        ("/record", 1),  # the session and its record
        ("/record/delivery", 1),
        ("/record/profile/about", 1),
        ("/record/changes", 2),  # the session, and a page of the history
    ],
)
async def test_a_customers_page(as_alice: httpx2.AsyncClient, address: str, statements: int) -> None:
    counted = await _get(as_alice, address)

    assert len(counted.statements) == statements, counted.statements
    assert counted.round_trips == statements


async def _save(browser: httpx2.AsyncClient, htmx: dict[str, str], **typed: str) -> Counted:
    fields = {"given_name": "Alice", "family_name": "Marsh", "request_id": str(uuid4()), **typed}
    with counting() as counted:
        answer = await browser.post("/record/profile/about", data=fields, headers=htmx)
    assert answer.status_code == (200 if htmx else 303), answer.text
    return counted


@pytest.mark.parametrize("htmx", [{}, {"hx-request": "true"}], ids=["plain", "htmx"])
async def test_a_save_is_two_round_trips(
    as_alice: httpx2.AsyncClient, alice: StoredRecord, htmx: dict[str, str]
) -> None:
    """The session with its record, and the one write that keeps state, change record and due mark."""
    token, seq = form_token((await as_alice.get("/record")).text), alice.record.seq
    for turn in range(WARM):
        await _save(as_alice, htmx, form_token=token, seq=str(seq + turn), call_me=f"Al {turn}")
    counted = await _save(as_alice, htmx, form_token=token, seq=str(seq + WARM), call_me="Alice")

    read, write = counted.statements
    assert "session_find" in read and "record_read" in read and "record_write" in write
    assert counted.round_trips == 2


async def test_a_save_takes_few_calls(as_alice: httpx2.AsyncClient, alice: StoredRecord) -> None:
    """Of functions written in Python, ours and those of the libraries, from the request to its answer."""
    token, seq = form_token((await as_alice.get("/record")).text), alice.record.seq
    for turn in range(WARM):
        await _save(as_alice, {}, form_token=token, seq=str(seq + turn), call_me=f"Al {turn}")
    with counting_all_calls() as counts:
        await _save(as_alice, {}, form_token=token, seq=str(seq + WARM), call_me="Alice")

    assert [calls <= 1_700 for calls in counts] == [True], counts  # 1,612 on 22 November 2026


@pytest.mark.parametrize(
    ("address", "statements"),
    [
        ("/desk?q=marsh", 2),  # the session, the search
        ("/desk", 2),  # the session, whom they looked at lately
    ],
)
async def test_the_desk(as_grace: httpx2.AsyncClient, address: str, statements: int) -> None:
    counted = await _get(as_grace, address)

    assert len(counted.statements) == statements, counted.statements
    assert counted.round_trips == statements


async def test_a_page_of_the_log(as_oscar: httpx2.AsyncClient, alice: StoredRecord) -> None:
    """The session, the changes with the note of who read them, the picture of the days, and how much there is to
    verify: the same for one change as for a million."""
    counted = await _get(as_oscar, "/audit")

    assert len(counted.statements) <= 4, counted.statements
    assert counted.round_trips == len(counted.statements)


@pytest.fixture
async def filled(stores: Stores, alice: StoredRecord) -> None:
    """A record of somebody who has said a good deal."""
    me = the_customer(alice.record.id)
    values = a_window() | a_window(weekdays=(6,), start="10:00", end="13:00") | a_window("do_not", weekdays=(7,))
    values |= a_consent() | a_consent("surveys")
    for number in range(6):
        values |= a_note(f"Note {number}: the engineer may use the key at number 12, the neighbour knows.")
    await change(stores.customer, alice.record.id, an_intention("profile:changed", me), values)


async def test_the_record_page_is_drawn_with_few_calls(as_alice: httpx2.AsyncClient, filled: None) -> None:
    """Going on after a piece of the page was given counts as one."""
    await _get(as_alice, "/record")
    with counting_calls() as counts:
        await as_alice.get("/record")

    assert [calls <= 3_100 for calls in counts] == [True], counts  # 2,907 on 22 November 2026


async def test_the_record_page_is_light(served: Served, as_alice: httpx2.AsyncClient, filled: None) -> None:
    """With everything that it needs, 80 kB on the first visit and 10 kB on the next: what is static is kept."""
    answer = await as_alice.get("/record", headers={"accept-encoding": "gzip"})
    page = len(gzip.compress(answer.content, 6))
    assert answer.headers["content-encoding"] == "gzip"

    parts = sorted(set(STATIC.findall(answer.text)))
    static = 0
    async with a_browser(served.origin) as browser:
        for address in parts:
            file = await browser.get(address, headers={"accept-encoding": "gzip"})
            assert "immutable" in file.headers["cache-control"], address
            static += int(file.headers["content-length"])

    assert page + static <= 80_000, (page, static)
    assert page <= 10_000, page
    assert 1 + len(parts) <= 6, parts


@pytest.mark.parametrize(("htmx", "most"), [({}, 0), ({"hx-request": "true"}, 2_100)], ids=["plain", "htmx"])
async def test_a_save_is_light(
    as_alice: httpx2.AsyncClient, alice: StoredRecord, filled: None, htmx: dict[str, str], most: int
) -> None:
    """What comes back for it, compressed: a new address, or the card and what it changed around it."""
    page = await as_alice.get("/record")
    fields = {"given_name": "Alice", "family_name": "Marsh", "call_me": "Ally", "request_id": str(uuid4())}
    fields |= {"form_token": form_token(page.text), "seq": str(alice.record.seq + 1)}
    answer = await as_alice.post("/record/profile/about", data=fields, headers=htmx)

    assert answer.status_code == (200 if htmx else 303), answer.text
    sent = len(gzip.compress(answer.content, 6)) if answer.content else 0
    assert sent <= most, sent  # 1,923 on 22 November 2026
