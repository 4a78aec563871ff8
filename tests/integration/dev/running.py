"""`portal dev` as somebody starts it in a terminal."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil


class Demo:
    """One `portal dev`, in a session of its own as a terminal would give it."""

    def __init__(self, folder: Path, port: int, *options: str) -> None:
        self.url = f"http://localhost:{port}"
        self._output = folder.parent / "output"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "portal", "dev", "--port", str(port), "--folder", folder, *options],
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if name != "DATABASE_URL"},
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 180
        while "Ctrl-C ends it" not in self.output:
            assert self.process.poll() is None and time.monotonic() < deadline, self.output
            time.sleep(0.1)

    def processes(self) -> list[psutil.Process]:
        """The demo's own processes, and PostgreSQL's."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, request: signal.Signals) -> int:
        self.process.send_signal(request)
        return self.process.wait(timeout=60)


def start(folder: Path, port: int, *options: str) -> Demo:
    """Start it, and wait until it says that it can be used."""
    demo = Demo(folder, port, *options)
    try:
        demo.wait_until_ready()
    except BaseException:
        demo.end(signal.SIGTERM)
        raise
    return demo
