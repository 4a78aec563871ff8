"""The lines of a CSV file, read as they come: a million of them take no more memory than a thousand."""

import csv
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Self

from portal.adoption.columns import Columns
from portal.adoption.person import Page, Person
from portal.audit.entry import Actor, ActorKind
from portal.catalogue.model import Catalogue
from portal.errors import Invalid

PAGE = 500
VIA = "import"
DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Lines:
    """A `Source`: each line is a person. It is known by its content, whatever it is called."""

    path: Path
    sha256: str
    delimiter: str
    columns: Columns

    @classmethod
    def open(cls, path: Path, catalogue: Catalogue, country: str | None) -> Self:
        """Read the heading.

        Raises:
            Invalid: the file cannot be read, is not in UTF-8, or its heading is not understood.
        """
        try:
            with path.open("rb") as file:
                sha256 = file_digest(file, "sha256").hexdigest()
                file.seek(0)
                heading = file.readline(1_000_000)
        except OSError as error:
            raise Invalid(f"{path} cannot be read: {error.strerror}.") from None
        first = heading.decode("utf-8-sig", "replace")
        delimiter = max(DELIMITERS, key=first.count)
        _line, headings = next(_rows(path, delimiter), (1, []))
        return cls(path, sha256, delimiter, Columns.read(catalogue, headings, country))

    @property
    def name(self) -> str:
        return f"file:{self.sha256}"

    @property
    def connector(self) -> None:
        return None

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.SYSTEM, VIA, VIA)

    @property
    def action(self) -> str:
        return "customer:imported"

    async def pages(self, after: str | None) -> AsyncIterator[Page]:
        """Everybody after a line.

        Raises:
            Invalid: a line is not in UTF-8, or its quotes do not fit; the message names it.
        """
        people: list[Person] = []
        place = 0
        for line, cells in self._after(int(after or 1)):
            if len(people) == PAGE:
                yield Page(people, str(place))
                people = []
            people.append(self.columns.person(str(line), cells))
            place = line
        yield Page(people, None)

    def facts(self, person: Person) -> Mapping[str, str | int]:
        """Which line of which file."""
        return {"file": self.path.name, "line": int(person.where), "sha256": self.sha256}

    def _after(self, line: int) -> Iterator[tuple[int, list[str]]]:
        rows = _rows(self.path, self.delimiter)
        next(rows, None)
        return (row for row in rows if row[0] > line and row[1])


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows, each with the number of the line that it begins on."""
    # What is not UTF-8 is let through, to be told of with its line.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        line = 1
        while True:
            try:
                cells = next(reader)
                text = "".join(cells)
                if not text.isascii():
                    text.encode()
            except StopIteration:
                return
            except UnicodeEncodeError:
                raise Invalid(f"{path}, line {line}, is not in UTF-8. Save it as CSV UTF-8.") from None
            except csv.Error as error:
                raise Invalid(
                    f"{path}, line {line}, cannot be read: {error}. Is a quote missing or too many?"
                ) from None
            yield line, cells
            line = reader.line_num + 1
