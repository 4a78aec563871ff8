"""One run as one Markdown file."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bench.row import Line, Row

HOLDS = {True: "yes", False: "**no**", None: ""}

INTRODUCTION = """
Absolute figures mean little on another machine; ratios do. Each is of requests a second per core, that is of the CPU
time that a request costs all processes together without the load generator, unless its line says otherwise. Figures are
medians of interleaved rounds. Everything runs on one machine: a rate is what is left over by the load generator and
PostgreSQL.
"""


def report(head: Sequence[str], rows: Iterable[Row], *, began: datetime, minutes: float, mode: str, loads: str) -> str:
    """The report of a run."""
    parts = [
        "# How fast it is",
        INTRODUCTION.strip(),
        "\n".join(f"- {line}" for line in (*head, f"{began:%Y-%m-%d}, {mode}, {minutes:.0f} minutes; {loads}")),
        *(_row(row) for row in rows),
    ]
    return "\n\n".join(parts) + "\n"


def _row(row: Row) -> str:
    parts = [f"## {row.title}", row.why]
    if row.lines:
        head = ("| | measured | against | ratio | aim | holds |", "| --- | --- | --- | --- | --- | --- |")
        parts.append("\n".join([*head, *map(_line, row.lines)]))
    if row.notes:
        parts.append("\n".join(note if note.startswith("|") else f"- {note}" for note in row.notes))
    return "\n\n".join(parts)


def _line(line: Line) -> str:
    cells = (line.what, line.value, line.against, line.ratio, line.aim, HOLDS[line.holds])
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
