"""What the demo says on the terminal can be copied from it."""

from pathlib import Path

import pytest

from portal.dev.announce import Announcer
from portal.dev.tryton import Tryton


def test_every_command_stands_in_one_piece(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal of 80 columns, from a folder with a long name: the box would break them."""
    monkeypatch.setenv("COLUMNS", "80")
    folder = Path("/home/somebody/work/customers/self-service/portal")
    tryton = Tryton(folder / ".venv/tryton/bin", folder / "var/tryton", 8003)
    shell, command = str(folder / "var/shell.env"), str(folder / ".venv/bin/portal")

    Announcer().ready("http://localhost:8000", shell, "log", command=command, mailbox=True, tryton=tryton)

    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert f". {shell} && {command} --help" in lines
    assert f". {shell} && {command} crm show tryton 20418" in lines
    assert f"{folder}/var/tryton/console" in lines
