"""The processes that make up the demo."""

import asyncio
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

RESTARTS = 3
WITHIN_SECONDS = 60
# -P: no file in the working directory stands in for a module of a library.
MODULE = (sys.executable, "-P", "-m")


class Child:
    """A Python module, or another program, that runs as a process with a session and a log file of its own.

    Its own session, so that Ctrl-C in the terminal reaches the supervisor alone, which ends everything in order.
    """

    def __init__(
        self,
        name: str,
        log: Path,
        *arguments: str,
        program: Sequence[str] = MODULE,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self._command = (*program, *arguments)
        self._environment = environment or {}
        self._process: asyncio.subprocess.Process | None = None
        self._starts: deque[float] = deque(maxlen=RESTARTS + 1)
        self._shown = 0
        log.write_bytes(b"")

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal."""
        return self._process.returncode if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def restarts_left(self) -> int:
        """How often it may still die before that is too often in too short a time."""
        recent = [start for start in self._starts if time.monotonic() - start < WITHIN_SECONDS]
        return max(0, RESTARTS + 1 - len(recent))

    async def start(self) -> None:
        self._starts.append(time.monotonic())
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | self._environment,
            )

    async def stop(self, patience: float) -> None:
        """Ask it to end; after `patience` seconds, end it and what it started."""
        if self._process is None or not self.running:
            return
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), patience)
        except TimeoutError:
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        if self._process is not None and self.running:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def unexpected(self) -> Iterator[str]:
        """What came into the log since the last look and deserves to be seen: errors, and whatever is no log line.

        Other people's programs write logs of their own kind: what they say stays in the file.
        """
        if self._command[: len(MODULE)] != MODULE:
            return
        with self.log.open("rb") as log:
            log.seek(self._shown)
            complete, newline, _ = log.read().rpartition(b"\n")
        self._shown += len(complete + newline)
        for line in complete.decode("utf-8", errors="replace").splitlines():
            if shown := _worth_showing(line):
                yield shown

    def end_of_log(self, lines: int = 8) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _worth_showing(line: str) -> str | None:
    try:
        event = json.loads(line)
    except ValueError:
        return line.strip() or None
    if not isinstance(event, dict) or event.get("level") not in ("error", "critical"):
        return None
    return ": ".join(str(event[key]) for key in ("event", "connector", "error", "exception") if event.get(key))
