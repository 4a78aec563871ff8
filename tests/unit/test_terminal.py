"""What commands print stands there as it came."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from rich.table import Table
from typer.testing import CliRunner

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


def commands(group: typer.Typer, *path: str) -> Iterator[tuple[str, ...]]:
    """Every command and group under one."""
    yield path
    yield from ((*path, command.name or command.callback.__name__) for command in group.registered_commands)  # type: ignore[union-attr]
    for one in group.registered_groups:
        assert one.typer_instance and one.name
        yield from commands(one.typer_instance, *path, one.name)


@pytest.mark.parametrize("path", [*commands(portal.cli.app)], ids=" ".join)
def test_help_shows_no_flag_as_if_it_took_a_value(path: tuple[str, ...]) -> None:
    told = CliRunner().invoke(portal.cli.app, [*path, "--help"], env={"COLUMNS": "120"})
    assert told.exit_code == 0 and "--help" in told.output
    assert "<bool>" not in told.output


def test_commands_print_nowhere_else() -> None:
    for file in Path(portal.cli.__file__).parent.glob("*.py"):
        calls = [node.func for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
        own = any(isinstance(call, ast.Name) and call.id == "Console" for call in calls)
        assert own is (file.name == "terminal.py"), file
