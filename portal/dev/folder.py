"""The folder that the demo keeps everything in."""

import shutil
from pathlib import Path
from typing import IO

from portal.db.embedded import discard, suitable_home
from portal.db.embedded.hold import Held, hold
from portal.errors import Unavailable


def hold_folder(folder: Path) -> IO[str]:
    """Make it, and keep others from it for as long as what is returned stays open.

    Raises:
        Unavailable: another run holds it, or it is another user's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return hold(folder / "lock")
    except Held as held:
        raise Unavailable(
            f"The portal already runs from {folder} (process {held.by}).", hint="End that one first."
        ) from None
    except PermissionError:
        raise Unavailable(
            f"{folder} belongs to another user.",
            hint="Run this as that user, or choose another folder with portal dev --folder.",
        ) from None


def forget(folder: Path, given_database: str | None) -> None:
    """Remove what earlier runs left.

    Raises:
        Unavailable: the database is somebody's own.
    """
    if given_database:
        raise Unavailable(
            "Starting over removes the embedded database only, and DATABASE_URL names one of your own.",
            hint="Drop and create that one yourself, and leave FRESH=1 or --fresh out.",
        )
    discard(suitable_home(folder / "postgres"))
    for name in ("secrets", "log", "mail", "tryton"):
        shutil.rmtree(folder / name, ignore_errors=True)
