"""`portal crm show`: what a CRM holds of a customer."""

from typing import Annotated

import typer
from rich.table import Table

from portal.audit.values import Value
from portal.cli.context import customer_id, records, run, somebody
from portal.cli.terminal import terminal
from portal.crm import configured, connectors
from portal.crm.answers import CallFailed
from portal.errors import NotFound, Unavailable
from portal.settings import load_settings
from portal.sync.beside import Found, beside
from portal.sync.line import line


def show(
    name: Annotated[str, typer.Argument(help="What settings and catalogue call the CRM.")],
    number: Annotated[str, typer.Argument(help="The customer's number.")],
) -> None:
    """Read what a CRM holds of a customer, beside what the record says. That somebody did so is written down."""
    found = run(_find(name, number))
    console = terminal()
    console.print(f"Contact {found.remote.remote_id} has version {found.remote.seq} of {found.seq}.")
    table = Table("", f"{name} calls it", "the record says", f"{name} says")
    for one in found.values:
        row = (one.name, one.field, _shown(one.ours), _shown(one.theirs))
        table.add_row(*row, style="red" if one.differs else None)
    console.print(table)
    console.print(f"{found.differing} differ." if found.differing else "Both say the same.")


async def _find(name: str, number: str) -> Found:
    settings = load_settings()
    if name not in configured(settings):
        raise NotFound(f"There is no CRM {name}.", hint=f"The settings name: {', '.join(configured(settings))}.")
    async with records(settings) as store, connectors(settings, store.catalogue, store.database) as made:
        id = await customer_id(store.database, number)
        if not made[name].caps.reads:
            raise NotFound(f"{name} only listens: it cannot be asked what it holds.")
        try:
            found = await beside(line(name, made[name], store, settings), id, reader=somebody())
        except (CallFailed, OSError) as failure:
            raise Unavailable(f"{name} cannot be read: {str(failure) or 'no answer in time'}.") from None
    if found is None:
        raise NotFound(f"{name} has no contact of customer {number}.")
    return found


def _shown(value: Value) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
