"""CRMs, from the command line."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from portal.cli.context import records, run
from portal.crm import configured, connectors
from portal.crm.answers import CallFailed
from portal.crm.inventory import Describing, Finding, compare
from portal.errors import NotFound
from portal.settings import load_settings

app = typer.Typer(help="The CRMs that records are kept equal with.", no_args_is_help=True)

ASKING_SECONDS = 60.0


@app.callback()
def group() -> None:
    """The CRMs that records are kept equal with."""


@app.command()
def check(name: Annotated[str, typer.Argument(help="What settings and catalogue call it.")]) -> None:
    """Ask a CRM which fields it has, and say what is missing or of the wrong type for the catalogue."""
    findings = run(_compare(name))
    console = Console()
    if findings is None:
        console.print(f"{name} takes whatever the catalogue names: nothing to check.")
        return
    table = Table("field", "there", "")
    for finding in findings:
        table.add_row(finding.name, finding.there, finding.problem or "good", style="red" if finding.problem else None)
    console.print(table)
    wrong = sum(finding.problem is not None for finding in findings)
    console.print(f"{len(findings)} fields: " + (f"{wrong} to be mended." if wrong else "good."))
    if wrong:
        raise typer.Exit(1)


async def _compare(name: str) -> Sequence[Finding] | None:
    settings = load_settings()
    if name not in configured(settings):
        known = ", ".join(configured(settings))
        raise NotFound(f"There is no CRM {name}.", hint=f"The settings name: {known}.")
    async with records(settings) as store, connectors(settings, store.catalogue, store.database) as made:
        connector = made[name]
        if not isinstance(connector, Describing):
            return None
        try:
            async with asyncio.timeout(ASKING_SECONDS):
                return compare(connector, await connector.describe())
        except (CallFailed, TimeoutError) as failure:
            raise NotFound(f"{name} gives no list of its fields: {failure or 'no answer in time'}.") from None
