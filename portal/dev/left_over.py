"""Processes that a killed run left behind, told from strangers who meanwhile have their numbers."""

import json
from collections.abc import Iterable
from pathlib import Path

import psutil

SECONDS_TO_STOP = 10


def remember(path: Path, pids: Iterable[int]) -> None:
    """Write down who runs now, so that a later run can end them if this one cannot."""
    running = [{"pid": pid, "since": psutil.Process(pid).create_time()} for pid in pids if psutil.pid_exists(pid)]
    path.write_text(json.dumps(running), encoding="ascii")


def end(path: Path) -> None:
    """End those who were written down and still run."""
    try:
        noted = json.loads(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return
    processes = [process for entry in noted if (process := _same(entry["pid"], entry["since"]))]
    for process in processes:
        process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=SECONDS_TO_STOP)
    for process in alive:
        process.kill()
    path.unlink()


def _same(pid: int, since: float) -> psutil.Process | None:
    try:
        process = psutil.Process(pid)
        return process if abs(process.create_time() - since) < 1 else None
    except psutil.NoSuchProcess:
        return None
