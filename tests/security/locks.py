"""What the lock files name."""

import re
from pathlib import Path

from packaging.requirements import Requirement

FOLDER = Path(__file__).parent.parent.parent / "requirements"

_PINNED = re.compile(r"^(?P<requirement>[A-Za-z0-9][^\\#]*?)(?: \\)?$", re.MULTILINE)


def locked(file: Path) -> list[Requirement]:
    """The requirements of a lock file, for every platform."""
    return [Requirement(found["requirement"]) for found in _PINNED.finditer(file.read_text(encoding="utf-8"))]


def needed_here(requirement: Requirement) -> bool:
    """Whether this platform and Python need it."""
    return requirement.marker is None or requirement.marker.evaluate()


def plain(name: str) -> str:
    """A package's name as packages compare theirs."""
    return re.sub(r"[-_.]+", "-", name).lower()
