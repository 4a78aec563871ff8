"""What an answer of a CRM, or none, means for what was to be written."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, cast

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from portal import clock
from portal.catalogue import Catalogue
from portal.crm.answers import Answer, CallFailed, phrase
from portal.crm.http import Allowance, Http, Vendor
from portal.crm.port import Ambiguous, Reject, Retry
from portal.crm.setup import Setup
from portal.db.database import Database
from portal.settings.connectors import ConnectorSettings
from tests.standins.server import Break, Call, Fault, StandIn

DEADLINE = 0.5


@dataclass
class Things(StandIn):
    """A server that counts what it was told to keep."""

    kept: list[Any] = field(default_factory=list)
    token: str = "first"

    def routes(self) -> list[BaseRoute]:
        return [Route("/things", self._keep, methods=["POST", "GET"]), Route("/away", self._away)]

    def writes_contacts(self, call: Call) -> bool:
        return call.path == "/things"

    async def _keep(self, request: Request) -> Response:
        if request.headers.get("authorization", "first") != self.token:
            return JSONResponse({"message": "no such token"}, 401)
        if request.method == "POST":
            self.kept.append(await request.json())
        return JSONResponse({"kept": len(self.kept)}, headers={"x-left": "7", "x-limit": "10"})

    async def _away(self, _request: Request) -> Response:
        return Response(status_code=302, headers={"location": f"{self.url}/things"})


class Counted:
    """A meter that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int | None, int | None, float | None]] = []

    def spent(
        self, *, calls: int = 1, remaining: int | None = None, limit: int | None = None, resets_in: float | None = None
    ) -> None:
        self.told.append((remaining, limit, resets_in))


def allowance(headers: Any) -> Allowance:
    return Allowance(int(headers["x-left"]), int(headers["x-limit"]), 1.5) if "x-left" in headers else Allowance()


VENDOR = Vendor(words=lambda body: str(body.get("message", "")) if isinstance(body, dict) else "", allowance=allowance)


@pytest.fixture
async def things() -> AsyncIterator[Things]:
    async with Things().serving() as standin:
        yield cast(Things, standin)


def http_to(url: str, catalogue: Catalogue, **options: Any) -> Http:
    settings = ConnectorSettings(kind="test", url=url, timeout_seconds=DEADLINE, allow_private=True)
    return Http(Setup("test", settings, catalogue, cast(Database, None), "https://p.example", b"k"), VENDOR, **options)


@pytest.fixture
async def http(things: Things, catalogue: Catalogue) -> AsyncIterator[Http]:
    made = http_to(things.url, catalogue)
    yield made
    await made.aclose()


async def outcome(http: Http, *, writes: bool = True) -> Retry | Reject | Ambiguous:
    with pytest.raises(CallFailed) as failed:
        await (http.write if writes else http.read)("POST", "/things", body={"name": "Alice"})
    return failed.value.outcome


async def test_what_is_answered_is_given(http: Http, things: Things) -> None:
    meter = http.meter = Counted()
    answer = await http.write("POST", "/things", body={"name": "Zoë ✓"})
    assert (answer.body, things.kept) == ({"kept": 1}, [{"name": "Zoë ✓"}])
    assert meter.told == [(7, 10, 1.5)]


@pytest.mark.parametrize("breaks", [Break.RESET, Break.HANG, Break.DRIP, Break.GARBLED, Break.ENDLESS])
async def test_a_write_whose_answer_is_lost_is_ambiguous_and_a_read_is_not(
    http: Http, things: Things, breaks: Break
) -> None:
    things.fail(Fault(after=True, breaks=breaks, repeat=2))
    assert isinstance(await outcome(http), Ambiguous)
    assert isinstance(await outcome(http, writes=False), Retry)
    assert len(things.kept) == 2


async def test_what_was_never_sent_can_be_tried_again(catalogue: Catalogue) -> None:
    nobody = http_to("http://127.0.0.1:9", catalogue)
    failed = await outcome(nobody)
    assert isinstance(failed, Retry) and "cannot be reached" in failed.why
    await nobody.aclose()


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (400, (), Reject("the CRM's own words", whole=True)),
        (404, (), Reject("the CRM's own words", whole=True)),
        (409, (), Reject("the CRM's own words", whole=True)),
        (422, (), Reject("the CRM's own words", whole=True)),
        (429, (("retry-after", "7"),), Retry("the CRM's own words", 7.0)),
        (429, (), Retry("the CRM's own words")),
        (503, (("retry-after", "30"),), Retry("the CRM's own words", 30.0)),
        (503, (), Ambiguous("the CRM's own words")),
        (500, (), Ambiguous("the CRM's own words")),
        (502, (), Ambiguous("the CRM's own words")),
        (401, (), Retry("our login is refused (401): check this CRM's credentials: the CRM's own words")),
        (403, (), Retry("our login lacks a permission (403): the CRM's own words")),
    ],
)
async def test_a_status_says_whether_trying_again_helps(
    http: Http, things: Things, status: int, headers: tuple[tuple[str, str], ...], expected: object
) -> None:
    things.fail(Fault(status=status, headers=headers, body=b'{"message": "the CRM\'s own words"}'))
    assert await outcome(http) == expected
    assert things.kept == []


async def test_a_date_to_come_back_at_is_understood(http: Http, things: Things) -> None:
    at = format_datetime(clock.now() + timedelta(seconds=90), usegmt=True)
    things.fail(Fault(status=429, headers=(("retry-after", at),)))
    failed = await outcome(http)
    assert isinstance(failed, Retry) and failed.after is not None and 80 < failed.after <= 90


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0.0), ("999999999", 86_400.0), ("soon", None), ("", None), ("-5", None),
     (format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True), 0.0)],
    ids=["now", "far", "word", "empty", "negative", "past"],
)  # fmt: skip
def test_a_pause_is_never_negative_nor_endless(value: str, seconds: float | None) -> None:
    assert Answer(429, {"retry-after": value}, None).retry_after == seconds


async def test_an_error_that_is_no_json_still_says_what_it_was(http: Http, things: Things) -> None:
    things.fail(Fault(status=400, body=b"<html>"))
    assert await outcome(http) == Reject("400 Bad Request", whole=True)


async def test_no_redirect_is_followed(http: Http, things: Things) -> None:
    with pytest.raises(CallFailed, match="sends us elsewhere"):
        await http.read("GET", "/away")
    assert [call.path for call in things.calls] == ["/away"]


async def test_a_login_that_is_refused_is_made_anew_once(things: Things, catalogue: Catalogue) -> None:
    asked: list[bool] = []

    async def login(fresh: bool) -> dict[str, str]:
        asked.append(fresh)
        return {"authorization": "second" if fresh else "first"}

    http = http_to(things.url, catalogue, login=login)
    things.token = "second"
    assert (await http.write("POST", "/things", body=1)).ok
    things.token = "third"
    assert isinstance(await outcome(http), Retry)
    assert asked == [False, True, False, True]
    await http.aclose()


def test_words_are_made_fit_to_be_shown() -> None:
    assert phrase("No\nsuch\x00 \u202efield " + "x" * 400) == "No such field " + "x" * 285 + "…"
