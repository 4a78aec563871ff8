"""Where commands print."""

from rich.console import Console


def terminal(*, stderr: bool = False) -> Console:
    """A terminal that prints words as they came, in tables, too: what a customer, a CRM or a mail server says may look
    like Rich's markup, and is none."""
    return Console(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)
