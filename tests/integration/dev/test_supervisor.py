"""What a newcomer does: start the demo, open it, end it, start it again."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2

from tests.integration.dev.running import Demo, start


def test_the_demo_starts_ends_in_order_and_keeps_its_data(folder: Path, port: int) -> None:
    demo = start(folder, port)
    try:
        assert httpx2.get(demo.url).status_code == 200
        modes = {name: (folder / name).stat().st_mode & 0o777 for name in ("secrets", "mail", "log", "shell.env")}
        assert modes == {"secrets": 0o700, "mail": 0o700, "log": 0o700, "shell.env": 0o600}
        assert all(login in demo.output for login in ("alice", "bob", "grace", "oscar", "olivia"))

        again = subprocess.run(
            [sys.executable, "-m", "portal", "dev", "--port", str(port), "--folder", folder],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert again.returncode == 1
        assert f"already runs from {folder} (process {demo.process.pid})" in again.stderr
        assert "Traceback" not in again.stderr

        processes = demo.processes()
        assert len(processes) > 4
    finally:
        assert demo.end(signal.SIGINT) == 0
    assert "Ended: web, workers, provider, database." in demo.output
    assert not [process for process in processes if process.is_running()]

    key = (folder / "secrets" / "key_encryption_key").read_text()
    made = (folder / "postgres" / "data" / "PG_VERSION").stat()
    demo = start(folder, port)
    assert demo.end(signal.SIGTERM) == 0
    assert (folder / "secrets" / "key_encryption_key").read_text() == key
    assert (folder / "postgres" / "data" / "PG_VERSION").stat().st_ino == made.st_ino


def test_ending_it_while_it_starts_leaves_nothing_behind(folder: Path, port: int) -> None:
    demo = Demo(folder, port)
    deadline = time.monotonic() + 60
    while "PostgreSQL in" not in demo.output:
        assert time.monotonic() < deadline and demo.process.poll() is None, demo.output
        time.sleep(0.05)
    processes = demo.processes()

    assert demo.end(signal.SIGTERM) == 0

    assert "Ctrl-C ends it" not in demo.output
    assert not [process for process in processes if process.is_running()]


def test_a_taken_port_is_told_in_a_sentence_before_anything_starts(folder: Path, port: int) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
        listener.listen()
        demo = Demo(folder, port)
        assert demo.process.wait(timeout=60) == 1
    assert f"Port {port} is taken by another program." in demo.output
    assert not (folder / "postgres").exists()
