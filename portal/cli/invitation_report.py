"""The file that says what became of each row: written as it goes, and read again by a run that goes on."""

import csv
import os
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Self, TextIO

from portal.errors import Invalid
from portal.formats import harmless_cell


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row. `problem` is empty where there is an invitation, code and link where it was mailed."""

    customer_number: str
    result: str
    problem: str = ""
    code: str = ""
    link: str = ""
    expires_at: str = ""

    @property
    def done(self) -> bool:
        return self.result in ("invited", "mailed")


COLUMNS = [field.name for field in fields(Result)]


class Report:
    """The open file. Nobody else may read it, for it has codes in it; what is in it is on the disk."""

    def __init__(self, file: TextIO, done: frozenset[str]) -> None:
        self._file = file
        self.done = done

    @classmethod
    def open(cls, path: Path) -> Self:
        """Begin a report, or go on with one: what was done stays in it, what was not is tried again.

        Raises:
            Invalid: the file is something else.
        """
        kept = _kept(path) if path.exists() else []
        beside = path.with_name(path.name + ".new")
        file = os.fdopen(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="")
        report = cls(file, frozenset(row["customer_number"] for row in kept))
        report._write([COLUMNS, *([row[name] for name in COLUMNS] for row in kept)])
        beside.replace(path)
        return report

    def add(self, results: Iterable[Result]) -> None:
        """Write some results down."""
        self._write([[harmless_cell(cell) for cell in astuple(result)] for result in results])

    def close(self) -> None:
        self._file.close()

    def _write(self, rows: Iterable[Sequence[object]]) -> None:
        csv.writer(self._file).writerows(rows)
        self._file.flush()
        os.fsync(self._file.fileno())


def _kept(path: Path) -> list[dict[str, str]]:
    """The rows of what was done. A last line that was cut off is none."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != COLUMNS:
            raise Invalid(f"{path} is there already and is no report of invitations. Choose another name.")
        return [row for row in reader if row["result"] in ("invited", "mailed") and row["expires_at"]]
