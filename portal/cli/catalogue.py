"""The catalogue: checking it before it is used."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from portal.catalogue import load
from portal.paths import resource
from portal.settings import load_settings

app = typer.Typer(help="Check the catalogue.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Check the catalogue."""


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="The file; without it, the configured one.")] = None,
) -> None:
    """Read a catalogue and show what it makes of a record. A mistake is named with file, line and key."""
    catalogue = load(file or load_settings().catalogue or resource("catalogue.toml"))
    table = Table("field", "section", "kind", "owner", "customer", "agent", "in the CRMs")
    for field in catalogue.fields.values():
        names = ", ".join(f"{crm}: {there.name}" for crm, there in field.crm.items())
        table.add_row(field.key, field.section, field.kind, field.owner, field.customer, field.agent, names)
    console = Console()
    console.print(table)
    console.print(
        f"{len(catalogue.fields)} fields, {len(catalogue.channels)} channels, {len(catalogue.purposes)} purposes: good."
    )
