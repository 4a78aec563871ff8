"""Demo data."""

from typing import Annotated

import typer

from portal.cli.context import records, run
from portal.cli.terminal import progress, terminal
from portal.demo.load import load as load_demo
from portal.settings import load_settings

app = typer.Typer(help="Demo data.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Demo data."""


@app.command()
def load() -> None:
    """Put the demo customers into the database, unless they are there."""
    settings = load_settings()

    async def main() -> None:
        async with records(settings) as store:
            names = await load_demo(settings, store)
            terminal().print(f"New: {', '.join(names)}." if names else "The demo customers are there already.")

    run(main())


@app.command()
def flood(
    customers: Annotated[int, typer.Option(help="How many customers to invent.", min=1)] = 1_000,
    changes: Annotated[int | None, typer.Option(help="How many changes they have in all; ten each by default.")] = None,
) -> None:
    """Add many invented customers with their histories, to see how the portal does with a large company's data.

    Only on this machine. `portal audit verify` holds afterwards. The built-in CRM, if it is in use, has them all at
    once; a running worker brings them to others. From a hundred thousand changes on, indexes and references are put
    away until all is there: let nothing else write meanwhile. After a flood that was broken off, the next one puts
    things in order.
    """
    from portal.demo.flood import flood as flood_with

    settings, total = load_settings(), changes or 10 * customers
    if total < customers:
        raise typer.BadParameter("each customer has at least one change: its creation", param_hint="--changes")
    bar = progress()
    with bar:
        task = bar.add_task("Changes", total=total)
        flood_with(settings, customers, total, progress=lambda done: bar.advance(task, done))
    terminal().print(f"New: {customers} customers with {total} changes.")
