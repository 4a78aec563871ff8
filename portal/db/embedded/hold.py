"""A file that one program at a time can hold; the kernel lets go when the holder ends, however it ends."""

import fcntl
import os
from pathlib import Path
from typing import IO


class Held(Exception):
    """Another program has it; `by` is its process number, or "unknown"."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


def hold(path: Path) -> IO[str]:
    """Hold the file until it is closed, and write into it who we are.

    Raises:
        Held: another program holds it.
    """
    file = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        by = file.read().strip() or "unknown"
        file.close()
        raise Held(by) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
