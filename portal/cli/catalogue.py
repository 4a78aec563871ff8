"""The catalogue: beginning one, and checking it before it is used."""

from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from portal.catalogue import load
from portal.cli.crm_checks import tell_of_doubts
from portal.cli.terminal import terminal
from portal.crm.sample import kinds_with_sample
from portal.crm.sample import sample as sample_of
from portal.paths import resource
from portal.settings import SettingsError, load_settings

app = typer.Typer(help="Begin a catalogue, and check it.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Begin a catalogue, and check it."""


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
    console = terminal()
    console.print(table)
    console.print(
        f"{len(catalogue.fields)} fields, {len(catalogue.channels)} channels, {len(catalogue.purposes)} purposes: good."
    )
    # A file can be checked where nothing is configured.
    with suppress(SettingsError) if file else nullcontext():
        tell_of_doubts(load_settings(), catalogue, console)


@app.command()
def sample(
    kind: Annotated[str, typer.Argument(help=f"Of the CRM: {', '.join(kinds_with_sample())}.")],
    name: Annotated[str | None, typer.Option(help="What the settings call it; without, like its kind.")] = None,
) -> None:
    """Print a catalogue to begin with: the one that comes along, and what such a CRM calls its fields."""
    print(sample_of(kind, name or kind), end="")
