"""The server's data folder: who holds it, what a killed run left in it, how it is made."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import IO

from portal.db.embedded.hold import Held, hold
from portal.db.embedded.program import MAJOR_VERSION, Account, environment
from portal.errors import Unavailable

SECONDS_TO_STOP = 30

# A Unix socket's path has 104 bytes on macOS and 108 on Linux, one of them for the final zero.
LONGEST_SOCKET_PATH = 103

# Whoever reaches the socket is inside a folder that is one user's alone. The portal's own roles prove their passwords
# all the same, so that a wrong one shows in development and not only in production.
HOST_BASED_AUTHENTICATION = """\
local all postgres trust
local all all scram-sha-256
"""


def lock(home: Path) -> IO[str]:
    """Keep two programs from running the same data."""
    try:
        _make(home)
        if home.stat().st_uid != os.geteuid():
            raise PermissionError
        return hold(home / "lock")
    except PermissionError:
        raise Unavailable(
            f"{home} belongs to another user of this machine.",
            hint="Run this as that user, or remove the folder to start over.",
        ) from None
    except Held as held:
        raise Unavailable(
            f"The database in {home} is in use by another run of the portal (process {held.by}).",
            hint="Stop that one first.",
        ) from None


def _make(home: Path) -> None:
    """The folder and those above it; root's umask must not keep the server's user out of what we make ourselves."""
    missing = [folder for folder in (home, *home.parents) if not folder.exists()]
    home.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        for folder in missing:
            folder.chmod(0o755)


def check_version(data: Path) -> None:
    """Refuse data that another major version made, in better words than the server's."""
    if not data.exists():
        return
    found = (data / "PG_VERSION").read_text(encoding="ascii").strip()
    if found != str(MAJOR_VERSION):
        raise Unavailable(
            f"The data in {data} were made by PostgreSQL {found}, and this is PostgreSQL {MAJOR_VERSION}.",
            hint="Start over with make run FRESH=1, or with portal dev --fresh.",
        )


def end_left_over(data: Path) -> None:
    """Stop a server that a killed run left behind, and forget one that is no more.

    We hold the lock, so no living run of the portal owns it. PostgreSQL itself would refuse to start if the number in
    the file had meanwhile gone to any other process, which in a container is likely.
    """
    import psutil

    pid_file = data / "postmaster.pid"
    try:
        server = psutil.Process(int(pid_file.read_text(encoding="utf-8").split("\n", 1)[0]))
        if server.name() == "postgres" and Path(server.cwd()) == data:
            server.send_signal(signal.SIGINT)
            _, alive = psutil.wait_procs([server], timeout=SECONDS_TO_STOP)
            for stubborn in alive:
                stubborn.kill()
    except FileNotFoundError:
        return
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
        pass
    pid_file.unlink(missing_ok=True)


def initialise(program: Path, data: Path, account: Account | None) -> None:
    """Make the data folder, under another name first: an interrupted attempt leaves nothing that looks complete."""
    unfinished = data.with_name("data.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    give(unfinished, account)
    done = subprocess.run(
        [
            program / "initdb",
            *("--pgdata", unfinished, "--username", "postgres", "--auth", "trust", "--no-sync"),
            # The same order and the same upper case on every machine.
            *("--encoding", "UTF8", "--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        ],
        cwd=data.parent,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        text=True,
        check=False,
        **(account.run_as if account else {}),
    )
    if done.returncode != 0:
        raise Unavailable(f"PostgreSQL could not make its data folder {data}:\n{done.stdout.strip()}")
    (unfinished / "pg_hba.conf").write_text(HOST_BASED_AUTHENTICATION, encoding="ascii")
    unfinished.rename(data)


def discard(home: Path) -> None:
    """Remove the data and all else below `home`, after ending a server that a killed run left behind."""
    if home.exists():
        with lock(home):
            end_left_over(home / "data")
            shutil.rmtree(home)


def socket_folder(data: Path, account: Account | None) -> Path:
    """The data folder itself, or a short-lived one with a shorter path."""
    if len(os.fsencode(data / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
        return data
    folder = Path(tempfile.mkdtemp(prefix="portal-postgres-", dir="/tmp"))
    give(folder, account)
    return folder


def give(folder: Path, account: Account | None) -> None:
    """Make the server's user the owner."""
    if account is not None:
        os.chown(folder, account.uid, account.gid)
