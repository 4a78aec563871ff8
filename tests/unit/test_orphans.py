"""What tests start does not outlive them."""

import signal
import subprocess
import sys
from pathlib import Path

TESTS = """
import signal, subprocess, sys, time
from tests.orphans import ending_with_us
server = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
with ending_with_us(server.pid, signal.SIGTERM):
    print("it runs", flush=True)
    time.sleep(600)
"""


def test_a_server_ends_with_tests_that_are_killed() -> None:
    root = Path(__file__).parents[2]
    tests = subprocess.Popen([sys.executable, "-c", TESTS], cwd=root, stdout=subprocess.PIPE)
    assert tests.stdout and tests.stdout.readline() == b"it runs\n"
    tests.send_signal(signal.SIGKILL)
    # The line has no end as long as the server could write there, too.
    tests.communicate(timeout=30)
