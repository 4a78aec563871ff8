"""Servers end with the tests that started them, however these end: also when they are killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from signal import Signals

WATCH = """
import os, sys
os.setsid()
sys.stdin.read()
try:
    os.kill(*map(int, sys.argv[1:]))
except ProcessLookupError:
    pass
"""
"""Reads until nobody is left who could write. The kernel's signal for a parent's death would not do: it is forgotten
where a server runs as another user."""


@contextmanager
def ending_with_us(pid: int, request: Signals) -> Iterator[None]:
    """A server gets this signal if our process dies before the block ends. Within it, nobody else may end the server:
    its number could be another program's by then."""
    watch = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", WATCH, str(pid), str(int(request))], stdin=subprocess.PIPE
    )
    try:
        yield
    finally:
        watch.kill()
        watch.communicate()
