"""The command `portal` as an operator runs it: a process of its own, settings from the environment.

It is forked from one that has imported the program, and has done nothing else: to import takes four times as long as
most commands. `python -m portal` is started whole wherever a test leaves it running: serve, work, dev.
"""

import atexit
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from sqlalchemy import URL

from portal.db.database import Role
from tests.conftest import KEY, PASSWORD

ROOT = Path(__file__).parents[1]
SECONDS_TO_END = 60
ONE_AT_A_TIME = Lock()


def environment(url: URL, **more: str) -> dict[str, str]:
    """What an operator would have put down for this database."""
    plain = url._replace(username=None, password=None, drivername="postgresql")
    passwords = {f"DATABASE_{role.value.upper()}_PASSWORD": PASSWORD for role in Role}
    return _kept() | passwords | {
        "ENVIRONMENT": "development",
        "DATABASE_URL": plain.render_as_string(hide_password=False),
        "KEY_ENCRYPTION_KEY": KEY,
        "PUBLIC_URL": "http://localhost:8000",
        "COLUMNS": "200",
        **more,
    }  # fmt: skip


def _kept() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def portal(*arguments: str, env: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder; its exit code is that of the signal if it does not end within a minute."""
    with TemporaryDirectory() as said, ONE_AT_A_TIME:
        out, err = Path(said, "out"), Path(said, "err")
        asked = {"arguments": arguments, "env": dict(env), "folder": str(folder), "out": str(out), "err": str(err)}
        forks = _forks()
        assert forks.stdin and forks.stdout
        forks.stdin.write(json.dumps(asked) + "\n")
        forks.stdin.flush()
        code = int(forks.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, out.read_text("utf-8"), err.read_text("utf-8"))


@cache
def _forks() -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.commands"],
        cwd=ROOT,
        env=kept,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(process.communicate)
    return process


def fork_what_is_asked_for() -> None:
    """Read commands, a line each; say how each of them ended."""
    import portal.cli

    # A child that ends looks through all that is not frozen, which takes longer than its work.
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(**json.loads(line))
            portal.cli.main()
            return
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become(arguments: list[str], env: dict[str, str], folder: str, out: str, err: str) -> None:
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, out, os.O_WRONLY | os.O_CREAT),
        (2, err, os.O_WRONLY | os.O_CREAT),
    ):
        os.dup2(os.open(path, flags), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    # From these two it is told how the program was called.
    sys.argv = ["portal", *arguments]
    sys.modules["__main__"].__package__ = None
    signal.alarm(SECONDS_TO_END)


if __name__ == "__main__":
    fork_what_is_asked_for()
