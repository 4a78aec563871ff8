"""Whoever is turned away is written down: where, when, why, and nothing that they sent."""

import logging
from collections.abc import Iterator

import httpx2
import pytest

from tests.integration.web.browsing import form_token


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, object]]]:
    told: list[dict[str, object]] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if isinstance(record.msg, dict):
                told.append(record.msg)

    listener = Listener()
    logging.getLogger("portal").addHandler(listener)
    with caplog.at_level(logging.INFO):
        yield told
    logging.getLogger("portal").removeHandler(listener)


def _found(logged: list[dict[str, object]], **wanted: object) -> list[dict[str, object]]:
    return [line for line in logged if wanted.items() <= line.items()]


@pytest.mark.asvs("16.3.2")
async def test_who_may_not_enter(as_oscar: httpx2.AsyncClient, logged: list[dict[str, object]]) -> None:
    answer = await as_oscar.get("/desk?q=secret-word")

    (line,) = _found(logged, event="request", route="/desk", status=403)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert str(line["timestamp"]).endswith("Z")
    assert "secret-word" not in str(logged)


@pytest.mark.asvs("16.3.2", "16.3.3")
async def test_a_form_from_elsewhere(as_alice: httpx2.AsyncClient, logged: list[dict[str, object]]) -> None:
    token = form_token((await as_alice.get("/record")).text)
    data = {"form_token": token, "body": "secret-word"}

    await as_alice.post("/record/notes", data=data, headers={"sec-fetch-site": "cross-site"})

    assert _found(logged, event="cross-origin request refused")
    assert _found(logged, event="request", status=403)
    assert "secret-word" not in str(logged) and token not in str(logged)


@pytest.mark.asvs("16.3.3")
async def test_what_no_form_of_ours_sends(as_alice: httpx2.AsyncClient, logged: list[dict[str, object]]) -> None:
    token = form_token((await as_alice.get("/record")).text)

    await as_alice.post("/record/notes", data={"form_token": token, "body": "x", "author": "Mallory"})
    await as_alice.post("/record/notes", data={"form_token": "forged", "body": "x"})

    statuses = [line["status"] for line in _found(logged, event="request", route="/record/notes", method="POST")]
    assert len(statuses) == 2 and all(status in (400, 403, 422) for status in statuses), statuses
