"""What `portal dev` says on the terminal."""

import os
import time
from pathlib import Path

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from portal.dev.logins import LOGINS
from portal.dev.tryton import AGENT, DATABASE, PASSWORD, Tryton


class Announcer:
    """One line for each step, a panel when all is ready, and whatever goes wrong after that."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._since = time.monotonic()

    def done(self, what: str) -> None:
        self._console.print(Text.assemble(("✓ ", "green"), what, (f"  {self._seconds():.1f} s", "dim")))

    def takes_long(self, what: str) -> None:
        self._console.print(Text.assemble(("… ", "yellow"), what))

    def ready(
        self, url: str, shell_file: str, logs: str, *, command: str, mailbox: bool, tryton: Tryton | None
    ) -> None:
        """The panel that a newcomer needs."""
        start_over = "make run FRESH=1" if "MAKELEVEL" in os.environ else f"{command} dev --fresh"
        people = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        for login in LOGINS:
            people.add_row(Text(login.subject, style="bold"), login.name, Text(login.what, style="dim"))
        panel = Group(
            Text.assemble("Open ", (url, f"bold underline link {url}")),
            Text(),
            Text("Sign in as one of these; there are no passwords:"),
            people,
            Text(),
            *([Text.assemble("Mail that it writes: ", (f"{url}/demo/mailbox", f"link {url}/demo/mailbox"))] * mailbox),
            *(_about(tryton) if tryton else []),
            Text.assemble("Ctrl-C ends it; your data stay. ", (start_over, "bold"), " starts over."),
        )
        self._console.print(Panel(panel, title="Northwind Energy", border_style="green", expand=False, padding=(1, 2)))
        # Below the box, which would break what is too long for it: each is to be copied in one piece.
        self._say("In another terminal:", f". {shell_file} && {command} --help")
        if tryton:
            self._say("What Tryton holds of Alice:", f". {shell_file} && {command} crm show tryton 20418")
            self._say("To change it without the client:", shown(tryton.console))
        self._console.print(Text.assemble("Logs: ", logs, style="dim"))

    def _say(self, what: str, command: str) -> None:
        self._console.print(Text.assemble(f"{what}\n  ", (command, "bold")))

    def unexpected(self, name: str, line: str) -> None:
        self._console.print(Text.assemble((f"{name}: ", "red"), line))

    def restarting(self, name: str, exit_code: int | None, log: str) -> None:
        self._console.print(Text.assemble((f"{name} ended with {exit_code}", "red"), f", starting it again; see {log}"))

    def stopping(self) -> None:
        self._console.print()
        self._console.print("Ending. Once more to end at once.")

    def stopped(self, names: list[str]) -> None:
        self._console.print(f"Ended: {', '.join(names)}.")

    def _seconds(self) -> float:
        before, self._since = self._since, time.monotonic()
        return self._since - before


def _about(tryton: Tryton) -> list[Text]:
    """Where the other CRM is."""
    address = tryton.url.removeprefix("http://")
    return [
        Text("Tryton has the same customers. Its desktop client (PyPI: tryton 8.2)"),
        Text.assemble("  reaches it at ", (address, "bold"), f", database {DATABASE}; there you are {AGENT},"),
        Text(f"  with the password {PASSWORD}."),
        Text(),
    ]


def shown(path: Path) -> str:
    """A path, as short as it can be said from here."""
    path = path.resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
