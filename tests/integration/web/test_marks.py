"""No response to one customer contains anything of another's: no value, no id, no hash, in body, headers or stream."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import URL
from starlette.routing import Route

from portal.catalogue import Catalogue
from portal.identity import tokens
from portal.record.change import change
from portal.record.read import read
from portal.web import form_token
from tests.builders import SYSTEM, an_intention
from tests.conftest import Stores
from tests.integration.web.access import Theirs, address, all_routes, has_ids, methods, parameters_that_are_ids
from tests.integration.web.browsing import Served, a_browser, a_session
from tests.integration.web.marked import Marked, marked

pytestmark = pytest.mark.asvs("8.2.2", "8.4.1", "15.3.1")

LINK = re.compile(r'(?:href|src|action|hx-get)="(/[^"#]*)')
SECONDS_OF_A_STREAM = 0.4
MOST_LINKS = 150


@dataclass(frozen=True)
class Two:
    alice: Marked
    bob: Marked


@pytest.fixture(scope="module")
async def two(served: Served, stores: Stores, catalogue: Catalogue, database_url: URL) -> Two:
    made = [await marked(served, stores, catalogue, database_url) for _ in range(2)]
    shared = made[0].others & made[1].others
    alice, bob = (Marked(m.theirs, m.tag, m.others - shared, m.draft, m.session) for m in made)
    return Two(alice, bob)


@pytest.fixture
async def alices(served: Served, stores: Stores, two: Two) -> AsyncIterator[httpx2.AsyncClient]:
    """Her browser, in which somebody has put what leads to Bob's draft."""
    cookies = await a_session(stores.staff, customer_id=two.alice.theirs.customer)
    async with a_browser(served.origin, **cookies, portal_draft=two.bob.draft) as browser:
        yield browser


def test_there_is_something_to_find(two: Two) -> None:
    assert two.bob.found_in(f"<p>{two.bob.tag.upper()} typed".encode(), "") == [two.bob.tag]
    assert len(two.bob.others) > 20
    assert str(two.bob.theirs.note) in two.bob.others


async def test_she_sees_her_own(alices: httpx2.AsyncClient, two: Two) -> None:
    """So that finding nothing of his means something."""
    page = await alices.get("/record")
    assert two.alice.found_in(page.content, "")


async def test_whatever_alice_asks_for_she_gets_nothing_of_bobs(
    alices: httpx2.AsyncClient, stores: Stores, two: Two
) -> None:
    before = await _seq(stores, two.bob)
    for method, path, data in _questions(two):
        if method == "POST":
            data = data | {"form_token": await _log_in_again(alices, stores, two.alice)}
        await _ask(alices, method, path, data, two.bob)
    assert await _seq(stores, two.bob) == before


async def test_whatever_a_stranger_asks_for_they_get_nothing_of_anybodys(served: Served, two: Two) -> None:
    async with a_browser(served.origin, portal_draft=two.bob.draft) as stranger:
        for method, path, data in _questions(two):
            await _ask(stranger, method, path, data, two.alice, two.bob)


async def test_wherever_her_pages_lead_there_is_nothing_of_bobs(alices: httpx2.AsyncClient, two: Two) -> None:
    seen, waiting = {"/record"}, ["/record"]
    while waiting and len(seen) < MOST_LINKS:
        path = waiting.pop().replace("&amp;", "&")
        body = await _ask(alices, "GET", path, {}, two.bob)
        found = {link for link in LINK.findall(body.decode("utf-8", "replace")) if not link.startswith("/static")}
        waiting += sorted(found - seen)
        seen |= found
    assert len(seen) > 15


async def test_an_open_page_hears_nothing_of_what_happens_to_bob(
    alices: httpx2.AsyncClient, stores: Stores, two: Two
) -> None:
    async def something_happens() -> None:
        values = {f"notes/{two.bob.theirs.note}/body": f"{two.bob.tag} now"}
        await change(stores.worker, two.bob.theirs.customer, an_intention("note:changed", SYSTEM), values)
        await stores.worker.database.fetch_all(
            "INSERT INTO portal.announcement (customer_id) VALUES (%s)", [two.bob.theirs.customer]
        )

    heard, _ = await asyncio.gather(_ask(alices, "GET", "/record/live", {}, two.bob), something_happens())
    assert b"changed" not in heard


async def test_none_of_bobs_sessions_is_ended_by_her(alices: httpx2.AsyncClient, stores: Stores, two: Two) -> None:
    token = await _log_in_again(alices, stores, two.alice)
    for button in ("end", "end_others", "end_all"):
        data = {"form_token": token, "action": button, "session": str(two.bob.session), "id": str(two.bob.session)}
        await _ask(alices, "POST", "/record/devices", data, two.bob)
    there = await stores.staff.database.fetch_one("SELECT id FROM portal.session WHERE id = %s", [two.bob.session])
    assert there is not None


def _questions(two: Two) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Every address and method, with her ids, with his, and with one of each; posts with his ids in every field."""
    for route in all_routes():
        for ids in _whose(route, two.alice.theirs, two.bob.theirs):
            path = address(route, ids)
            for method in methods(route):
                if method == "POST":
                    yield "POST", path, {}
                    yield "POST", path, _his_ids(two.bob)
                else:
                    yield method, path, {}
                    yield method, f"{path}?{_query(two.bob)}", {}


def _whose(route: Route, hers: Theirs, his: Theirs) -> list[Mapping[str, object]]:
    if not has_ids(route):
        return [{}]
    names = parameters_that_are_ids(route)
    own, others = hers.ids_in(route.path), his.ids_in(route.path)
    mixed = {name: (own if i % 2 else others)[name] for i, name in enumerate(names)}
    return [own, others, mixed, dict(own, **{names[-1]: 1 if names[-1] == "seq" else uuid4()})]


def _his_ids(his: Marked) -> dict[str, str]:
    """Fields that some form has, filled with what is his."""
    fields = {
        "id": his.theirs.note, "about": his.theirs.note, "login": his.theirs.login, "session": his.session,
        "customer": his.theirs.customer, "customer_id": his.theirs.customer, "connector": "embedded",
    }  # fmt: skip
    given = {"action": "save", "seen": "1", "body": "A note.", "value": "x", "request_id": str(uuid4())}
    return given | {name: str(value) for name, value in fields.items()}


def _query(his: Marked) -> str:
    return f"customer={his.theirs.customer}&id={his.theirs.note}&before=99&next=/record/notes/{his.theirs.note}"


async def _log_in_again(browser: httpx2.AsyncClient, stores: Stores, who: Marked) -> str:
    """As if nothing had been posted before; gives the token that the forms of this session carry."""
    [(name, token)] = (await a_session(stores.staff, customer_id=who.theirs.customer)).items()
    browser.cookies.delete(name)
    browser.cookies.set(name, token)
    return form_token.mask(tokens.form_secret(token))


async def _ask(browser: httpx2.AsyncClient, method: str, path: str, data: dict[str, str], *nothing_of: Marked) -> bytes:
    """Ask, and look at all that comes: status line, headers, body. A stream is heard for a moment."""
    sent = f"{path} {data}"
    async with browser.stream(method, path, data=data or None) as response:
        head = "\n".join(f"{name}: {value}" for name, value in response.headers.multi_items()).encode()
        body = bytearray()
        try:
            never_ends = response.headers.get("content-type", "").startswith("text/event-stream")
            async with asyncio.timeout(SECONDS_OF_A_STREAM if never_ends else None):
                async for piece in response.aiter_bytes():
                    body += piece
        except TimeoutError:
            pass
    assert response.status_code < 500 or response.status_code == 503, f"{method} {path}: {response.status_code}"
    for other in nothing_of:
        assert not other.found_in(head + b"\n" + bytes(body), sent), f"{method} {path} {data}"
    return bytes(body)


async def _seq(stores: Stores, who: Marked) -> int:
    stored = await read(stores.worker.database, stores.worker.keys, who.theirs.customer)
    assert stored is not None
    return stored.record.seq
