"""What a worker of jobs does when a part of it fails."""

import asyncio

import pytest
from structlog.testing import capture_logs

from portal.jobs import worker
from portal.jobs.worker import _keep_on


async def test_a_step_that_fails_is_told_and_taken_up_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "backoff", lambda _failures: 0.0)
    stop, failed = asyncio.Event(), [RuntimeError("a mistake of ours")]

    async def step() -> None:
        if failed:
            raise failed.pop()
        stop.set()

    with capture_logs() as told:
        await asyncio.wait_for(_keep_on("tidy", step, stop), 5)

    assert [(line["event"], line["step"], line["log_level"]) for line in told] == [
        ("jobs step failed", "tidy", "error")
    ]
