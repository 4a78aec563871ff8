"""Where commands print."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def terminal(*, stderr: bool = False) -> Console:
    """A terminal that prints words as they came, in tables, too: what a customer, a CRM or a mail server says may look
    like Rich's markup, and is none."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)


def progress(of_what: str = "") -> Progress:
    """How far each of its tasks is, on the terminal's error output, until it ends."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(of_what))
    return Progress(*columns, TimeRemainingColumn(), console=terminal(stderr=True), transient=True)
