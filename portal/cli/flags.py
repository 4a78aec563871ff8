"""Flags in `--help` as what they are: Typer writes `<bool>` behind each, as if it took a value."""

from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption


def show_without_values(app: typer.Typer) -> None:
    """Let the help of all commands under `app` show flags by their name alone."""
    app.info.cls = _Group
    for command in app.registered_commands:
        command.cls = _Command
    for group in app.registered_groups:
        if group.typer_instance:
            show_without_values(group.typer_instance)


class _Command(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _named_alone(super().get_params(ctx))


class _Group(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _named_alone(super().get_params(ctx))


def _named_alone(params: list[Any]) -> list[Any]:
    for param in params:
        if isinstance(param, TyperOption) and param.is_flag:
            param.metavar = ""
    return params
