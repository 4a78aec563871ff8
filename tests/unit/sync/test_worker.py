"""A worker's rhythm: soon while there is something to do, seldom when there is nothing. (`keep_up` goes on at once.)"""

import asyncio
from collections.abc import Callable

import psycopg
import pytest
from structlog.testing import capture_logs

from portal import clock
from portal.crm.answers import CallFailed
from portal.crm.port import Retry
from portal.crm.said import Own
from portal.sync import worker
from portal.sync.worker import BUSY_SECONDS, _repeat


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the worker would have waited, each time."""
    waited: list[float] = []

    async def pause(_stop: asyncio.Event, seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(worker, "_pause", pause)
    return waited


async def repeat(*found: int | Exception) -> None:
    """Go on until everything was found that there is to find."""
    stop, left = asyncio.Event(), list(found)

    async def step() -> int:
        now = left.pop(0)
        if not left:
            stop.set()
        if isinstance(now, Exception):
            raise now
        return now

    await _repeat("drain", step, stop, idle=0.25)


async def test_after_some_work_it_looks_soon_and_when_there_is_none_seldom(
    pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = iter((0.0, 1.0, 1.9, 2.1, 9.0))
    monkeypatch.setattr(clock.current, "monotonic", lambda: next(now))
    await repeat(3, 0, 0, 0, 0)
    assert pauses == [BUSY_SECONDS, BUSY_SECONDS, BUSY_SECONDS, 0.25, 0.25]


@pytest.mark.parametrize("trouble", [psycopg.OperationalError, TimeoutError, ValueError])
async def test_trouble_is_waited_out_longer_and_longer(
    pauses: list[float], trouble: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "backoff", lambda attempts: 2.0**attempts)
    await repeat(trouble(), trouble(), trouble(), 100)
    assert pauses == [1, 2, 4, BUSY_SECONDS]


async def test_a_crm_that_cannot_be_asked_is_told_in_one_plain_line(pauses: list[float]) -> None:
    with capture_logs() as lines:
        await repeat(CallFailed(Retry(Own.NO_ANSWER)), CallFailed(Retry("alice@example.com is unknown")), 100)
    assert [(line["log_level"], line["event"], line["attempts"]) for line in lines] == [
        ("error", "CRM cannot be asked", 1),
        ("warning", "CRM cannot be asked", 2),
    ]
    assert lines[0]["error"] == "no answer in time" and "alice" not in str(lines[1])
    assert not any("exc_info" in line for line in lines)


async def test_it_ends_when_it_is_told_to_whatever_it_waits_for() -> None:
    stop = asyncio.Event()
    begun = asyncio.Event()

    async def nothing() -> int:
        begun.set()
        return 0

    task = asyncio.create_task(_repeat("drain", nothing, stop, idle=600))
    await begun.wait()
    stop.set()
    async with asyncio.timeout(1):
        await task
