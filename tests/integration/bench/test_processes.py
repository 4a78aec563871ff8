"""What a process is said to have computed is what it says itself, and finer than the ticks of /proc."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.processes import cpu_seconds

PROGRAM = """
import subprocess, sys, threading, time

def compute():
    while time.process_time() < {seconds}:
        pass

thread = threading.Thread(target=compute)
thread.start()
thread.join()
subprocess.run([sys.executable, "-Sc", "for _ in range(2_000_000): pass"])
print(time.process_time(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def computed() -> Iterator[tuple[int, float]]:
    """A process that computed in a thread and in a child, both of which have ended; and what it says it took itself."""
    program = [sys.executable, "-c", PROGRAM.format(seconds=0.105)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.pid, float(process.stdout.readline())


def test_threads_and_children_that_have_ended_count(computed: tuple[int, float]) -> None:
    pid, own = computed
    whole = cpu_seconds(pid)
    assert whole > own + 0.01  # the child's
    assert cpu_seconds(pid) - whole < 0.005  # it waits
    assert cpu_seconds(pid) % 0.01  # not ticks


def test_who_is_not_there_has_computed_nothing() -> None:
    with subprocess.Popen([sys.executable, "-Sc", ""]) as ended:
        ended.wait()
    assert cpu_seconds(ended.pid) == 0
