"""Demo data."""

import typer
from rich.console import Console

from portal.cli.context import records, run
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
            Console().print(f"New: {', '.join(names)}." if names else "The demo customers are there already.")

    run(main())
