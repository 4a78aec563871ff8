"""One run as one Markdown file."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from bench.row import Line, Row

BEFORE = json.loads(Path(__file__).with_name("before.json").read_text(encoding="utf-8"))
"""What an earlier report said: for each row, the ratio or else the figure of each line and what it is against."""

HOLDS = {True: "yes", False: "**no**", None: ""}

INTRODUCTION = """
Absolute figures mean little on another machine; ratios do. Each is of requests a second per core, that is of the CPU
time that a request costs all processes together without the load generator, unless its line says otherwise. Figures are
medians of interleaved rounds. Everything runs on one machine: a rate is what is left over by the load generator and
PostgreSQL. Each row has a database of its own to begin with, as `portal demo flood` made it. `before` is {before}.
"""


def report(head: Sequence[str], rows: Iterable[Row], *, began: datetime, minutes: float, mode: str, loads: str) -> str:
    """The report of a run."""
    parts = [
        "# How fast it is",
        INTRODUCTION.strip().format(before=BEFORE["of"]),
        "\n".join(f"- {line}" for line in (*head, f"{began:%Y-%m-%d}, {mode}, {minutes:.0f} minutes; {loads}")),
        *(_row(row) for row in rows),
    ]
    return "\n\n".join(parts) + "\n"


def _row(row: Row) -> str:
    parts = [f"## {row.title}", row.why]
    if row.lines:
        before = BEFORE["rows"].get(row.title, {})
        head = (
            "| | measured | against | ratio | aim | holds | before |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        )
        parts.append("\n".join([*head, *(_line(line, before) for line in row.lines)]))
    if row.notes:
        parts.append("\n".join(note if note.startswith("|") else f"- {note}" for note in row.notes))
    return "\n\n".join(parts)


def _line(line: Line, before: Mapping[str, str]) -> str:
    was = before.get(f"{line.what} / {line.against}" if line.against else line.what, "")
    cells = (line.what, line.value, line.against, line.ratio, line.aim, HOLDS[line.holds], was)
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
