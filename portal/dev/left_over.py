"""Processes that a killed run left behind, told from strangers who meanwhile have their numbers."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

SECONDS_TO_STOP = 10


def remember(path: Path, pids: Iterable[int]) -> None:
    """Write down who runs now, so that a later run can end them if this one cannot."""
    running = [{"pid": process.pid, "since": process.create_time()} for process in _running(pids)]
    path.write_text(json.dumps(running), encoding="ascii")


def end(path: Path) -> None:
    """End those who were written down and still run."""
    try:
        since = {noted["pid"]: noted["since"] for noted in json.loads(path.read_text(encoding="ascii"))}
    except (FileNotFoundError, ValueError):
        return
    processes = [process for process in _running(since) if abs(process.create_time() - since[process.pid]) < 1]
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=SECONDS_TO_STOP)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    path.unlink()


def _running(pids: Iterable[int]) -> list[psutil.Process]:
    """Those that run, each with when it began, which it can be asked once it has ended, too."""
    found = []
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            process.create_time()  # is kept
            found.append(process)
    return found
