"""The processes of the demo: ended in words, ended by force, and what of their logs is shown."""

import asyncio
import json
import os
import signal
from pathlib import Path

import psutil
import pytest

from portal.dev import left_over
from portal.dev.children import RESTARTS, Child

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(grandchild.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "log"


async def run(log: Path, source: str) -> Child:
    """A child that runs this source."""
    (log.parent / "played.py").write_text(source)
    child = Child("played", log, "played")
    await child.start()
    return child


async def ended(child: Child) -> None:
    async with asyncio.timeout(20):
        while child.running:
            await asyncio.sleep(0.01)


async def first_line(child: Child) -> str:
    async with asyncio.timeout(20):
        while "\n" not in (text := child.log.read_text()):
            await asyncio.sleep(0.01)
    return text.splitlines()[0]


async def test_a_child_has_a_session_of_its_own_and_ends_when_asked(log: Path) -> None:
    child = await run(log, "import time; time.sleep(60)")
    assert child.pid is not None
    assert os.getsid(child.pid) == child.pid

    await child.stop(patience=10)

    assert not child.running
    assert child.exit_code == -15


async def test_one_that_does_not_listen_is_ended_with_all_that_it_started(log: Path) -> None:
    child = await run(log, STUBBORN)
    grandchild = psutil.Process(int(await first_line(child)))

    await child.stop(patience=0.2)

    assert child.exit_code == -9
    _, alive = psutil.wait_procs([grandchild], timeout=10)
    assert not alive or grandchild.status() == psutil.STATUS_ZOMBIE


async def test_it_may_be_started_again_a_few_times_in_a_minute(log: Path) -> None:
    child = await run(log, "raise SystemExit(3)")
    for left in reversed(range(RESTARTS)):
        await ended(child)
        assert child.exit_code == 3
        assert child.restarts_left == left + 1
        await child.start()
    await ended(child)
    assert child.restarts_left == 0


async def test_errors_and_whatever_is_no_log_line_are_shown_and_only_once(log: Path) -> None:
    child = await run(
        log,
        """
import json
print(json.dumps({"level": "info", "event": "request"}))
print(json.dumps({"level": "error", "event": "it broke", "exception": "Traceback: because"}))
print(json.dumps({"level": "error", "event": "CRM cannot be asked", "connector": "tryton", "error": "no answer"}))
print()
print("Segmentation fault")
""",
    )
    await ended(child)
    assert list(child.unexpected()) == [
        "it broke: Traceback: because",
        "CRM cannot be asked: tryton: no answer",
        "Segmentation fault",
    ]
    assert list(child.unexpected()) == []
    assert child.end_of_log(1) == "Segmentation fault"


async def test_a_later_run_ends_who_was_left_behind_and_no_stranger(log: Path) -> None:
    child = await run(log, "import time; time.sleep(60)")
    stranger = await run(log, "import time; time.sleep(60)")
    assert child.pid is not None and stranger.pid is not None
    noted = log.parent / "children.json"
    left_over.remember(noted, [child.pid])
    # The stranger has a number that was written down for somebody who started at another time.
    noted.write_text(noted.read_text().replace("]", f', {{"pid": {stranger.pid}, "since": 1.0}}]'))

    await asyncio.to_thread(left_over.end, noted)
    await asyncio.to_thread(left_over.end, noted)

    await ended(child)
    assert stranger.running
    await stranger.stop(patience=10)


async def test_who_ends_by_themselves_meanwhile_is_no_trouble(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, going = [await run(log, "import time; time.sleep(60)") for _ in range(2)]
    assert gone.pid is not None and going.pid is not None
    await gone.stop(patience=10)
    noted = log.parent / "children.json"
    left_over.remember(noted, [gone.pid, going.pid])
    assert [entry["pid"] for entry in json.loads(noted.read_text())] == [going.pid]

    def too_late(process: psutil.Process) -> None:
        os.kill(process.pid, signal.SIGKILL)
        raise psutil.NoSuchProcess(process.pid)

    monkeypatch.setattr(psutil.Process, "terminate", too_late)
    await asyncio.to_thread(left_over.end, noted)

    await ended(going)
    assert not noted.exists()
