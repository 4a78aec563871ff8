"""The file that names everybody whom a person has to look at, with the reason: written as it goes."""

import csv
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

from portal.adoption.person import Person
from portal.errors import Invalid
from portal.formats import harmless_cell

COLUMNS = ["where", "customer_number", "name", "result", "reason", "detail", "others"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`detail` says what it is about; `others` names the places or customer numbers that somebody may be mistaken
    for."""

    person: Person
    result: str
    reason: str
    detail: str = ""
    others: str = ""

    def row(self) -> list[object]:
        """As it is written, each cell such that no spreadsheet runs it."""
        one = self.person
        cells = (one.where, one.number or "", one.name, self.result, self.reason, self.detail, self.others)
        return [harmless_cell(cell) for cell in cells]


class Report:
    """The open file, or none. Nobody else may read it."""

    def __init__(self, file: TextIO | None, told: set[str]) -> None:
        self._file, self._told = file, told

    @classmethod
    def nowhere(cls) -> Self:
        """Nobody wants one."""
        return cls(None, set())

    @classmethod
    def open(cls, path: Path, *, going_on: bool) -> Self:
        """Begin a report, or go on with the one of a run that was broken off.

        Raises:
            Invalid: the file is something else, or cannot be written.
        """
        kept = _kept(path) if path.exists() else []
        told = kept if going_on else []
        beside = path.with_name(path.name + ".new")
        try:
            handle = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise Invalid(f"{path} cannot be written: {error.strerror}.") from None
        file = os.fdopen(handle, "w", encoding="utf-8", newline="")
        report = cls(file, {row["where"] for row in told})
        report._write([COLUMNS, *([row[name] for name in COLUMNS] for row in told)])
        beside.replace(path)
        return report

    def add(self, findings: Iterable[Finding]) -> None:
        """Write down who is not in it yet."""
        rows = [finding.row() for finding in findings]
        self._write([row for row in rows if str(row[0]) not in self._told])

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _write(self, rows: Sequence[Sequence[object]]) -> None:
        if self._file and rows:
            csv.writer(self._file).writerows(rows)
            self._file.flush()
            os.fsync(self._file.fileno())


def _kept(path: Path) -> list[dict[str, str]]:
    """The rows of a report. A last line that was cut off is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames == COLUMNS:
                return [row for row in reader if row["others"] is not None]
    except (OSError, UnicodeDecodeError, csv.Error):
        pass
    raise Invalid(f"{path} is there already and is no report of this kind. Choose another name.")
