"""Logs: one line an event, whoever wrote it, and nothing personal (ASVS 5.0.0: 16.2.5, 16.4.1)."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
import structlog

from portal import logs
from portal.settings import Settings

NASTY = 'first\r\n{"level": "error"}\x1b[31mred\x00\u2028next'


@pytest.fixture(autouse=True)
def leave_no_trace() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:], root.level = before[0], before[1]
    structlog.configure(**before[2])


def configured(monkeypatch: pytest.MonkeyPatch, form: str) -> io.StringIO:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    logs.configure(Settings(_env_file=None, environment="development", log_format=form))  # type: ignore[arg-type]
    structlog.configure(cache_logger_on_first_use=False)
    return out


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


@pytest.mark.asvs("16.2.1", "16.2.4", "16.2.2")
def test_ours_and_every_librarys_lines_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    out = configured(monkeypatch, "json")
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger("portal.here").info("ours", status=200)
        logging.getLogger("a.library").warning("theirs %s", "too")

    ours, theirs = lines(out)
    assert (ours["event"], ours["status"], ours["level"], ours["request_id"]) == ("ours", 200, "info", "r-1")
    assert (theirs["event"], theirs["logger"], theirs["request_id"]) == ("theirs too", "a.library", "r-1")
    now = datetime.now(UTC)
    for line in (ours, theirs):
        assert line["timestamp"].endswith("Z") and abs(now - datetime.fromisoformat(line["timestamp"])).seconds < 60


@pytest.mark.asvs("16.4.1")
@pytest.mark.parametrize("form", ["json", "console"])
def test_nobody_begins_a_line_or_colours_the_terminal(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    out = configured(monkeypatch, form)
    structlog.get_logger("portal.here").info(NASTY, value=NASTY)
    logging.getLogger("a.library").warning("got %s", NASTY)

    written = out.getvalue()
    assert len(written.splitlines()) == 2
    assert not any(character in written for character in "\x1b\x00\r\u2028")


@pytest.mark.asvs("16.2.5", "16.3.4")
def test_an_error_is_told_by_its_kind_and_place_and_not_by_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    out = configured(monkeypatch, "json")
    try:
        int("alice@example.com")
    except ValueError:
        structlog.get_logger("portal.here").exception("failed")

    (line,) = lines(out)
    assert (line["event"], line["error"], line["level"]) == ("failed", "ValueError", "error")
    assert "test_logs.py" in line["exception"]
    assert "alice" not in out.getvalue()


def test_a_group_of_errors_tells_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(text: str) -> None:
        int(text)

    async def both() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read("alice@example.com"))
            tasks.create_task(read("bob@example.com"))

    out = configured(monkeypatch, "json")
    try:
        asyncio.run(both())
    except* ValueError:
        structlog.get_logger("portal.here").exception("failed")

    (line,) = lines(out)
    assert line["error"] == "ExceptionGroup of ValueError, ValueError"
    assert line["exception"].count(" read)") == 2
    assert "example.com" not in out.getvalue()


def test_an_outage_says_why() -> None:
    assert logs.describe(psycopg.OperationalError("connection refused")) == (
        "psycopg.OperationalError: connection refused"
    )
    assert logs.describe(FileNotFoundError(2, "No such file", "/x")).startswith("FileNotFoundError: ")


@pytest.mark.asvs("16.2.5")
@pytest.mark.parametrize("name", ["httpx2", "authlib.oauth2", "sqlalchemy.engine.Engine", "psycopg.pq"])
def test_libraries_that_write_secrets_at_lower_levels_stay_quiet(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    out = configured(monkeypatch, "json")
    logging.getLogger(name).info("GET https://id.example/?code=secret")

    assert out.getvalue() == ""
