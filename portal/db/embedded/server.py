"""Starting and stopping the server."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from portal.db.embedded.data import SECONDS_TO_STOP, check_version, end_left_over, initialise, lock, socket_folder
from portal.db.embedded.program import Account, account_for, environment, program_folder, reachable
from portal.errors import Unavailable

SECONDS_TO_START = 60


class EmbeddedPostgres:
    """A running server. `stop` it: nothing else does, and SIGTERM to this program alone leaves it running."""

    def __init__(self, home: Path, sockets: Path, process: subprocess.Popen[bytes], held: IO[str]) -> None:
        self.home = home
        self.log = home / "log"
        self._sockets = sockets
        self._process = process
        self._held = held

    @property
    def admin_url(self) -> str:
        """Connects as the superuser: to create roles and databases, never to serve."""
        return self.url("postgres")

    def url(self, database: str) -> str:
        """The superuser's connection to a database of that name."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._sockets), safe='')}"

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End all sessions and stop, leaving nothing to recover. Stopping twice is no mistake."""
        for request in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.running:
                self._process.send_signal(request)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(SECONDS_TO_STOP)
        if self._sockets.parent != self.home:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._held.close()


@contextmanager
def embedded(home: Path, *, durable: bool = True, max_connections: int = 100) -> Iterator[EmbeddedPostgres]:
    """A server for the length of a `with` block; see `start`."""
    server = start(home, durable=durable, max_connections=max_connections)
    try:
        yield server
    finally:
        server.stop()


def start(home: Path, *, durable: bool = True, max_connections: int = 100) -> EmbeddedPostgres:
    """Start a server whose data live below `home`, making them first if they are missing.

    Args:
        home: a folder for this server alone. Started by root, the server runs as the owner of its data or as `nobody`,
            who must be able to reach `home`: see `suitable_home`.
        durable: False gives up safety against a crash of the machine for speed: for tests.
        max_connections: how many sessions there may be at a time.

    Raises:
        Unavailable: it cannot run here, or somebody else is using `home`; the message says why.
    """
    home = home.resolve()
    installed = program_folder()
    held = lock(home)
    try:
        data = home / "data"
        check_version(data)
        end_left_over(data)
        account = account_for(data)
        program = reachable(installed, home, account)
        if not data.exists():
            initialise(program, data, account)
        sockets = socket_folder(data, account)
        options = _options(sockets, durable, max_connections)
        server = EmbeddedPostgres(home, sockets, _run(program, data, options, account), held)
    except BaseException:
        held.close()
        raise
    try:
        _wait_until_ready(server)
    except BaseException:
        server.stop()
        raise
    return server


def _options(sockets: Path, durable: bool, max_connections: int) -> dict[str, str]:
    options = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{sockets}"',
        "max_connections": str(max_connections),
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return options


def _run(program: Path, data: Path, options: dict[str, str], account: Account | None) -> subprocess.Popen[bytes]:
    path = data.parent / "log"
    path.touch(mode=0o600)
    with path.open("ab") as log:
        return subprocess.Popen(
            [program / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())],
            cwd=data.parent,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C in the terminal is for the program that started us; that one stops the server in its turn.
            start_new_session=True,
            **(account.run_as if account else {}),
        )


def _wait_until_ready(server: EmbeddedPostgres) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while not _ready(server.home / "data" / "postmaster.pid"):
        if not server.running or time.monotonic() > deadline:
            end = server.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
            raise Unavailable("\n".join([f"PostgreSQL does not start; {server.log} ends with:", *end]))
        time.sleep(0.02)


def _ready(pid_file: Path) -> bool:
    """What pg_ctl looks at: the eighth line of the server's own file."""
    try:
        lines = pid_file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"
