"""An auditor reads the change log: what was before and after, filters, pages, proof, export."""

import csv
import io
import re
from uuid import uuid4

import httpx2
import psycopg
import pytest
from sqlalchemy import URL

from portal.app import create_app
from portal.auditing.verified import note_verified
from portal.catalogue import Catalogue
from portal.record.change import change
from portal.record.read import StoredRecord, read
from portal.record.verify import Finding, Report
from portal.settings import StaffRole
from tests.builders import GRACE, a_customer, a_note, an_intention, the_customer
from tests.conftest import Stores, make_settings, open_stores
from tests.integration.web.browsing import a_browser, a_session, form_token, listening, serving


@pytest.fixture
async def busy_alice(stores: Stores, alice: StoredRecord) -> StoredRecord:
    """Alice, after she changed her language and wrote a note that Grace answered."""
    id, note = alice.record.id, uuid4()
    await change(stores.customer, id, an_intention("profile:changed", the_customer(id)), {"profile/language": "de"})
    await change(
        stores.customer, id, an_intention("note:added", the_customer(id)), a_note("=cmd|' /C calc'!A0", id=note)
    )
    answer = a_note("Thank you.", author_kind="agent", author="Grace Okafor", about=note)
    await change(stores.staff, id, an_intention("note:answered", GRACE), answer)
    return alice


def of(customer: StoredRecord, **more: str) -> dict[str, str]:
    return {"customer": customer.record.number, **more}


def actions(html: str) -> list[str]:
    return re.findall(r"<code>(\w+:\w+)</code>", html.replace("<wbr>", ""))


async def test_the_log_shows_each_change_with_before_and_after(
    as_oscar: httpx2.AsyncClient, busy_alice: StoredRecord
) -> None:
    answer = await as_oscar.get("/audit", params=of(busy_alice))

    assert answer.status_code == 200
    assert actions(answer.text) == ["note:answered", "note:added", "profile:changed", "customer:created"]
    assert "German" in answer.text
    assert "Thank you." in answer.text


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"actor": "agent"}, ["note:answered"]),
        ({"actor": "customer"}, ["note:added", "profile:changed"]),
        ({"action": "note"}, ["note:answered", "note:added"]),
        ({"action": "profile", "actor": "agent"}, []),
        ({"after": "2020-01-01", "before": "2020-12-31"}, []),
        ({"after": "2020-01-01"}, ["note:answered", "note:added", "profile:changed", "customer:created"]),
    ],
)
async def test_filters_narrow_it(
    as_oscar: httpx2.AsyncClient, busy_alice: StoredRecord, filters: dict[str, str], found: list[str]
) -> None:
    answer = await as_oscar.get("/audit", params=of(busy_alice, **filters))

    assert actions(answer.text) == found


@pytest.mark.parametrize(
    "filters",
    [
        {"actor": "king"},
        {"after": "yesterday"},
        {"after": "0001-01-01"},
        {"before": "9999-12-31"},
        {"action": "x' OR 1=1"},
        {"customer": "9" * 65},
    ],
)
async def test_filters_that_make_no_sense_are_told(as_oscar: httpx2.AsyncClient, filters: dict[str, str]) -> None:
    answer = await as_oscar.get("/audit", params=filters)

    assert answer.status_code == 422
    assert "There is a problem" in answer.text


async def test_a_wrong_choice_is_told_in_words(as_oscar: httpx2.AsyncClient) -> None:
    answer = await as_oscar.get("/audit", params={"actor": "king"})

    assert "By: This is none of the choices." in answer.text


@pytest.mark.parametrize("address", ["/audit", "/audit/export.csv", "/audit/export.json"])
async def test_a_filter_that_is_not_there_is_named(as_oscar: httpx2.AsyncClient, address: str) -> None:
    answer = await as_oscar.get(address, params={"costumer": "20418"})

    assert answer.status_code == 422
    assert "The log has no filter “costumer”." in answer.text


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "MjAyNi0xMS0yMg"])
async def test_a_damaged_address_of_a_page_is_told(as_oscar: httpx2.AsyncClient, cursor: str) -> None:
    answer = await as_oscar.get("/audit", params={"older": cursor})

    assert answer.status_code == 400
    assert "not complete" in answer.text


async def test_paging_forth_and_back_misses_nothing(
    as_oscar: httpx2.AsyncClient, stores: Stores, alice: StoredRecord
) -> None:
    me = the_customer(alice.record.id)
    for number in range(120):
        await change(
            stores.customer, alice.record.id, an_intention("profile:changed", me), {"profile/call_me": f"n{number}"}
        )
    seen: list[list[int]] = []
    answer = await as_oscar.get("/audit", params=of(alice))
    for _page in range(4):
        seen.append([int(seq) for seq in re.findall(r"<code>#(\d+) ", answer.text)])
        older = re.search(r'rel="next" href="([^"]+)"', answer.text)
        if older is None:
            break
        answer = await as_oscar.get(older[1].replace("&amp;", "&"))

    assert [seq for page in seen for seq in page] == list(range(121, 0, -1))
    newer = re.search(r'rel="prev" href="([^"]+)"', answer.text)
    assert newer is not None
    back = await as_oscar.get(newer[1].replace("&amp;", "&"))
    assert [int(seq) for seq in re.findall(r"<code>#(\d+) ", back.text)] == seen[1]


async def test_reading_is_written_down_for_the_customer_to_see(
    as_oscar: httpx2.AsyncClient, stores: Stores, busy_alice: StoredRecord
) -> None:
    await as_oscar.get("/audit", params=of(busy_alice))

    stored = await read(stores.customer.database, stores.customer.keys, busy_alice.record.id)
    assert stored is not None
    assert [(a.actor_kind, a.actor_name) for a in stored.reads] == [("auditor", "Oscar Lindqvist")]


async def test_one_change_is_shown_with_its_proof(as_oscar: httpx2.AsyncClient, busy_alice: StoredRecord) -> None:
    answer = await as_oscar.get(f"/audit/changes/{busy_alice.record.id}/2")

    assert answer.status_code == 200
    assert str(busy_alice.chain) in answer.text
    assert "holds" in answer.text
    assert re.search(r"[0-9a-f]{64}", answer.text)


@pytest.mark.parametrize(
    "path",
    ["{id}/99", "{id}/0", "{id}/99999999999999999999999", "{id}/x", "x/1", "01920000-0000-7000-8000-000000000000/1"],
)
async def test_a_change_that_is_not_there_is_not_found(
    as_oscar: httpx2.AsyncClient, busy_alice: StoredRecord, path: str
) -> None:
    answer = await as_oscar.get("/audit/changes/" + path.format(id=busy_alice.record.id))

    assert answer.status_code == 404


@pytest.mark.asvs("1.2.10")
async def test_the_export_has_every_difference_and_no_formula(
    as_oscar: httpx2.AsyncClient, busy_alice: StoredRecord
) -> None:
    answer = await as_oscar.get("/audit/export.csv", params=of(busy_alice))

    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    languages = [
        (r["old"], r["new"]) for r in rows if r["path"] == "profile/language" and r["action"] == "profile:changed"
    ]
    assert languages == [("", "de")]
    assert not [cell for row in rows for cell in row.values() if cell.lstrip().startswith(("=", "+", "-", "@"))]


async def test_the_export_as_json_is_whole(as_oscar: httpx2.AsyncClient, busy_alice: StoredRecord) -> None:
    answer = await as_oscar.get("/audit/export.json", params=of(busy_alice))

    changes = answer.json()
    assert [c["seq"] for c in changes] == [4, 3, 2, 1]
    assert changes[2]["diffs"] == [{"path": "profile/language", "old": None, "new": "de"}]
    assert (await as_oscar.get("/audit/export.json", params={"customer": "nobody"})).json() == []
    assert (await as_oscar.get("/audit/export.xml")).status_code == 404


def integrity(page: str) -> str:
    """What the auditors' page says of it."""
    found = re.search(r'id="integrity-title".*?class="tag[^>]*>([a-z ]+)<', page, re.DOTALL)
    assert found
    return found[1]


async def test_all_of_it_can_be_verified_now(empty_database: URL, catalogue: Catalogue) -> None:
    """In a log of its own: others are altered behind the portal's back by tests."""
    broken = Finding("4711", uuid4(), 1, "the entry was altered")
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        settings = make_settings(empty_database, public_url=origin)
        async with serving(create_app(settings), bound), open_stores(settings, catalogue) as own:
            await a_customer(own.worker)
            cookies = await a_session(own.staff, roles=(StaffRole.AUDITOR,))
            async with a_browser(origin, **cookies) as oscar:
                token = form_token((await oscar.get("/audit")).text)
                answer = await oscar.post("/audit/verify", data={"form_token": token})
                later = (await oscar.get("/audit")).text
                await note_verified(own.worker.database, Report(1, 1, findings=[broken], erased=["4712"]), 0.2)
                after_the_command = (await oscar.get("/audit")).text
                events = (await oscar.get("/audit/events")).text

    assert answer.status_code == 200
    assert integrity(answer.text) == integrity(later) == "holds"
    assert "Verified" in answer.text and "Verified" in later
    assert integrity(after_the_command) == "broken" and "verify it again to see where" in after_the_command
    assert events.count("All of the change log was verified") >= 2
    assert "checked by their hashes alone" in after_the_command and "by their hashes" not in later
    assert "4711" not in after_the_command + events, "whose chain it is, is not in the events"


async def test_a_change_whose_proof_is_broken_says_why(empty_database: URL, catalogue: Catalogue) -> None:
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        settings = make_settings(empty_database, public_url=origin)
        async with serving(create_app(settings), bound), open_stores(settings, catalogue) as own:
            id = (await a_customer(own.worker)).record.id
            called = an_intention("profile:changed", the_customer(id))
            await change(own.customer, id, called, {"profile/call_me": "Ali"})
            with psycopg.connect(empty_database.set(drivername="postgresql").render_as_string(False)) as owner:
                owner.execute("UPDATE portal.change_record SET entry = entry || ' ' WHERE seq = 2")
            cookies = await a_session(own.staff, roles=(StaffRole.AUDITOR,))
            async with a_browser(origin, **cookies) as oscar:
                first, second = [(await oscar.get(f"/audit/changes/{id}/{seq}")).text for seq in (1, 2)]

    assert "holds" in first and "altered" not in first
    assert "broken" in second and "the entry was altered: its hash is another" in second


@pytest.mark.parametrize("path", ["/audit", "/audit/export.csv", "/audit/changes/{id}/1"])
async def test_the_log_is_for_auditors_alone(
    as_alice: httpx2.AsyncClient,
    as_grace: httpx2.AsyncClient,
    as_olivia: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
    alice: StoredRecord,
    path: str,
) -> None:
    address = path.format(id=alice.record.id)
    for browser in (as_grace, as_olivia):
        assert (await browser.get(address)).status_code == 403
    for browser in (as_alice, stranger):
        answer = await browser.get(address)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
