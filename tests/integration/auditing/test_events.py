"""An auditor reads what happened at the doors: filters, pages, and nothing for anybody else."""

import html
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from uuid import uuid4

import httpx2
import psycopg
import pytest
from sqlalchemy import URL

from portal.auditing import event_views, event_words
from portal.auditing.events import SecurityEvent
from portal.identity.security_events import note_event
from tests.conftest import Stores

WHY = re.compile(r"why-[0-9a-f]+-(\d+)")


@pytest.fixture
def owner(database_url: URL) -> Iterator[psycopg.Connection]:
    """Past every policy, to set times and numbers behind the portal's back."""
    address = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


@pytest.fixture
async def mark(stores: Stores, owner: psycopg.Connection) -> AsyncIterator[str]:
    """Five days in 2019 on which something happened that other tests know nothing of."""
    mark = f"why-{uuid4().hex}"
    for day in range(1, 6):
        kind = "login:failed" if day < 5 else "login:refused"
        await note_event(stores.staff.database, kind, audience="customer", provider="main", why=f"{mark}-{day}")
        owner.execute(
            "UPDATE portal.security_event SET at = make_timestamptz(2019, 3, %s, 12, 0, 0, 'UTC') "
            "WHERE facts->>'why' = %s",
            [day, f"{mark}-{day}"],
        )
    yield mark
    owner.execute("DELETE FROM portal.security_event WHERE at < '2020-01-01'")


async def days(browser: httpx2.AsyncClient, **filters: str) -> list[int]:
    answer = await browser.get("/audit/events", params={"before": "2019-12-31", **filters})
    assert answer.status_code == 200
    return [int(day) for day in WHY.findall(answer.text)]


def test_a_provider_is_called_as_its_people_know_it() -> None:
    def said(**facts: str) -> list[tuple[str, str]]:
        at = datetime(2019, 3, 1, tzinfo=UTC)
        event = SecurityEvent(uuid4(), at, at, 1, "login:failed", facts)
        return event_words.shown(event, lambda audience, name: f"{name} of {audience.value}").facts

    assert said(provider="main", audience="staff", why="late") == [
        ("Who", "staff"), ("Provider", "main of staff"), ("Why", "late")
    ]  # fmt: skip
    assert said(provider="main") == [("Provider", "main of customer")], "what waits is of customers"


async def test_a_provider_that_the_settings_know_no_more_is_told_by_its_name(
    as_oscar: httpx2.AsyncClient, stores: Stores
) -> None:
    why = uuid4().hex
    await note_event(stores.staff.database, "login:failed", audience="staff", provider="gone-long-ago", why=why)
    page = (await as_oscar.get("/audit/events")).text
    assert "Gone long ago" in page and why in page


async def test_they_are_shown_the_newest_first(as_oscar: httpx2.AsyncClient, mark: str) -> None:
    assert await days(as_oscar) == [5, 4, 3, 2, 1]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"kind": "login:failed"}, [4, 3, 2, 1]),
        ({"kind": "login:refused"}, [5]),
        ({"after": "2019-03-04"}, [5, 4]),
        ({"after": "2019-03-02", "before": "2019-03-03"}, [3, 2]),
        ({"kind": "login:pending"}, []),
    ],
)
async def test_filters_narrow_them(
    as_oscar: httpx2.AsyncClient, mark: str, filters: dict[str, str], found: list[int]
) -> None:
    assert await days(as_oscar, **filters) == found


async def test_they_are_told_in_words_with_their_number(
    as_oscar: httpx2.AsyncClient, stores: Stores, owner: psycopg.Connection
) -> None:
    why = f"callback: <b>{uuid4()}"
    await note_event(stores.staff.database, "login:failed", audience="staff", provider="main", why=why)
    owner.execute("UPDATE portal.security_event SET count = 1234 WHERE facts->>'why' = %s", [why])

    page = (await as_oscar.get("/audit/events")).text

    assert "A login was not acceptable" in page and html.escape(why) in page and why not in page
    assert "1,234" in page
    assert "Sicherheitsereignisse" in (await as_oscar.get("/audit/events", headers={"accept-language": "de"})).text


async def test_pages_forth_and_back_miss_nothing(
    as_oscar: httpx2.AsyncClient, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_views, "PAGE", 2)
    answer = await as_oscar.get("/audit/events", params={"before": "2019-12-31"})
    seen = [WHY.findall(answer.text)]
    while older := re.search(r'rel="next" href="([^"]+)"', answer.text):
        answer = await as_oscar.get(html.unescape(older[1]))
        seen.append(WHY.findall(answer.text))

    assert seen == [["5", "4"], ["3", "2"], ["1"]]
    newer = re.search(r'rel="prev" href="([^"]+)"', answer.text)
    assert newer and WHY.findall((await as_oscar.get(html.unescape(newer[1]))).text) == ["3", "2"]


async def test_each_kind_that_is_offered_can_be_asked_for(as_oscar: httpx2.AsyncClient) -> None:
    select = re.search(r'<select[^>]* name="kind".*?</select>', (await as_oscar.get("/audit/events")).text, re.DOTALL)
    assert select is not None
    offered = [html.unescape(kind) for kind in re.findall(r'value="([^"]+)"', select[0])]

    assert "log:verified" in offered and len(offered) > 3
    answers = [await as_oscar.get("/audit/events", params={"kind": kind}) for kind in offered]
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize(
    "filters",
    [
        {"kind": "x' OR 1=1"},
        {"after": "yesterday"},
        {"knid": "login:failed"},
        {"before": "9999-12-31"},
        {"after": "0001-01-01"},
    ],
)
async def test_filters_that_make_no_sense_are_told(as_oscar: httpx2.AsyncClient, filters: dict[str, str]) -> None:
    answer = await as_oscar.get("/audit/events", params=filters)

    assert answer.status_code == 422 and "There is a problem" in answer.text


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%00", "MjAyNi0xMS0yMg", "MjAyNi0xMS0yMiB4"])
async def test_a_damaged_address_of_a_page_is_told(as_oscar: httpx2.AsyncClient, cursor: str) -> None:
    answer = await as_oscar.get("/audit/events", params={"older": cursor})

    assert answer.status_code == 400 and "not complete" in answer.text


async def test_they_are_for_auditors_alone(
    as_alice: httpx2.AsyncClient,
    as_grace: httpx2.AsyncClient,
    as_olivia: httpx2.AsyncClient,
    stranger: httpx2.AsyncClient,
) -> None:
    for browser in (as_grace, as_olivia):
        assert (await browser.get("/audit/events")).status_code == 403
    for browser in (as_alice, stranger):
        assert (await browser.get("/audit/events")).status_code == 303
