"""Customers, from the command line."""

from typing import Annotated

import typer
from rich.console import Console

from portal import clock
from portal.audit.entry import Actor, ActorKind
from portal.audit.values import Value
from portal.cli.context import records, run
from portal.record.change import Intention, create
from portal.settings import load_settings

app = typer.Typer(help="Begin a customer's record.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Begin a customer's record."""


@app.command("create")
def create_customer(
    number: Annotated[str, typer.Argument(help="The customer number, as the CRM and the identity provider know it.")],
    given_name: Annotated[str, typer.Option(help="First name.")],
    family_name: Annotated[str, typer.Option(help="Last name.")],
) -> None:
    """Begin the record of a customer."""
    values: dict[str, Value] = {"profile/given_name": given_name, "profile/family_name": family_name}
    operator = Actor(ActorKind.OPERATOR, "cli", "cli")

    async def main() -> None:
        async with records(load_settings()) as store:
            stored = await create(store, number, Intention("customer:created", operator, clock.uuid7()), values)
            Console().print(f"{stored.record.name}, customer {number}, has a record now.", markup=False)

    run(main())
