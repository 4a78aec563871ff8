"""Programs that are measured: started, looked at through /proc, and ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.orphans import ending_with_us

TICKS = os.sysconf("SC_CLK_TCK")
CPUCLOCK_SCHED = 2
RESTING = 0.01
"""Seconds of CPU within 0.3 s that a server at rest needs at most, for what it does each second."""
ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def program(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, *, folder: Path = ROOT
) -> Iterator[int]:
    """A program for the length of a `with` block; gives its process id."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(arguments),
            env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "", **environment},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        with ending_with_us(process.pid, signal.SIGTERM):
            yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def served(
    arguments: Sequence[str], environment: Mapping[str, str], log: Path, *, port: int, folder: Path = ROOT
) -> Iterator[int]:
    """The same for a server: the block begins when its port takes connections and all its processes have come to rest.

    Raises:
        RuntimeError: it did not come up; the message ends with what it wrote.
    """
    with program(arguments, environment, log, folder=folder) as pid:
        wait_for_port(port, pid, log)
        _wait_for_rest(pid)
        yield pid


def wait_for_port(port: int, pid: int, log: Path, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and alive(pid):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    written = log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:]
    raise RuntimeError("\n".join([f"Nothing answers on port {port}:", *written]))


def _wait_for_rest(pid: int, seconds: float = 20) -> None:
    """What a process still does for its start (others of its kind, templates) is no part of what it is asked for."""
    deadline, before = time.monotonic() + seconds, -1.0
    while (now := cpu_seconds(pid)) > before + RESTING and time.monotonic() < deadline:
        before = now
        time.sleep(0.3)


def free_port() -> int:
    """A port of this machine that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def python(*arguments: str) -> list[str]:
    """A command line for the Python that runs this."""
    return [sys.executable, *arguments]


def alive(pid: int) -> bool:
    stat = _stat(pid)
    return bool(stat) and stat[0] != "Z"


def cpu_seconds(*pids: int) -> float:
    """What these processes and all that they started have computed so far, in their code and in the kernel for them.

    What a process did that has ended by now counts too, as soon as its parent has waited for it.
    """
    return sum(_own(pid) + _waited_for(pid) for root in pids for pid in family(root))


def resident_megabytes(pid: int) -> float:
    """Memory that a process really has in RAM, in millions of bytes; what it shares with others counts in full."""
    for line in _read(f"/proc/{pid}/status").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def proportional_megabytes(pid: int) -> float:
    """The same with what is shared divided among those who share it (PSS)."""
    for line in _read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    return resident_megabytes(pid)


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for each in found:
        found += [int(child) for child in _read(f"/proc/{each}/task/{each}/children").split()]
    return found


def _own(pid: int) -> float:
    # What clock_getcpuclockid(3) gives: nanoseconds, of all threads and of those that have ended. In /proc are ticks of
    # 10 ms, which is more than a backend computes in a short round.
    try:
        return time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED)
    except OSError:
        return 0.0  # it has ended


def _waited_for(pid: int) -> float:
    # cutime, cstime: fields 16 and 17 of proc(5); the first two are cut off with the name.
    stat = _stat(pid)
    return sum(int(value) for value in stat[13:15]) / TICKS if stat else 0.0


def _stat(pid: int) -> list[str]:
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""
