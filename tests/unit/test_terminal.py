"""What commands print stands there as it came."""

import ast
from pathlib import Path

import pytest
from rich.table import Table

import portal.cli
from portal.cli.terminal import terminal

SAID = "[/Contact/Email] [red]bad[/red] :warning:"


def test_words_are_no_markup(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    table = Table(SAID, title=SAID)
    table.add_row(SAID, style="red")
    terminal().print(SAID)
    terminal().print(table)
    assert capsys.readouterr().out.count(SAID) == 4


def test_commands_print_nowhere_else() -> None:
    for file in Path(portal.cli.__file__).parent.glob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
        own = any(isinstance(call, ast.Name) and call.id == "Console" for call in calls)
        assert own is (file.name == "terminal.py"), file
