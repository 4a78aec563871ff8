"""`portal crm erase`, `restrict`, `lift`: what all CRMs are to do with a customer's contact, and how far they are."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from portal.cli.context import customer_id, records, run, somebody
from portal.cli.terminal import terminal
from portal.crm import configured, connectors
from portal.crm.said import in_words
from portal.db.database import Database
from portal.errors import Conflict
from portal.record.store import RecordStore
from portal.settings import Settings, load_settings
from portal.sync.enroll import register
from portal.sync.line import line
from portal.sync.state import Wanted
from portal.sync.want import Confirmation, confirmations, want

ASKED = {
    Wanted.ERASED: "Every CRM is to erase the contact of customer {number}, for ever: what they change in their record "
    "from now on does not reach the CRMs.",
    Wanted.RESTRICTED: "Every CRM is to show that the data of customer {number} may be kept, and not be used.",
    Wanted.RECORD: "No CRM is to show any longer that the data of customer {number} may not be used.",
}
UNTOUCHED = "The portal's own record is not touched by it: it stays, with its change log, and the customer can log in."
BY_ITSELF = ("embedded", "webhook")
"""Kinds that show a restriction whatever the catalogue says."""
LOOK_SECONDS = 0.5

Number = Annotated[str, typer.Argument(help="The customer's number.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
Wait = Annotated[bool, typer.Option("--wait", help="Until each CRM has done so, or refuses; it goes on without you.")]


def erase(number: Number, yes: Yes = False, wait: Wait = False) -> None:
    """Have every CRM erase a customer's contact, for ever. Run again, it shows who has confirmed that."""
    _have(Wanted.ERASED, number, yes, wait)


def restrict(number: Number, yes: Yes = False, wait: Wait = False) -> None:
    """Have every CRM show that a customer's data may be kept, and not be used."""
    _have(Wanted.RESTRICTED, number, yes, wait)


def lift(number: Number, yes: Yes = False, wait: Wait = False) -> None:
    """Have the CRMs no longer show that a customer's data may not be used."""
    _have(Wanted.RECORD, number, yes, wait)


def _have(wanted: Wanted, number: str, yes: bool, wait: bool) -> None:
    """Ends with 1 if a CRM refuses."""
    settings = load_settings()
    found = run(_told(settings, wanted, number, yes, wait))
    console = terminal()
    table = Table("connector", "CRM", "confirmed")
    for one in found:
        table.add_row(one.connector, one.label, _state(one, settings), style="red" if one.refused else None)
    console.print(table)
    refused = [one.connector for one in found if one.refused]
    for name in refused:
        console.print(f"When what stands in the way is mended: portal sync retry {name} {number}")
    if any(one.open for one in found):
        console.print("What keeps a CRM: portal sync status. How far they are: the same command once more.")
    if refused:
        raise typer.Exit(1)


async def _told(settings: Settings, wanted: Wanted, number: str, yes: bool, wait: bool) -> Sequence[Confirmation]:
    async with records(settings) as store:
        customer = await customer_id(store.database, number)
        _possible(wanted, number, await confirmations(store.database, customer))
        _ask(settings, store, wanted, number, yes)
        await _register(settings, store)
        await want(store.database, customer, wanted, actor=somebody())
        return await _awaited(store.database, customer, configured(settings) if wait else ())


def _possible(wanted: Wanted, number: str, before: Sequence[Confirmation]) -> None:
    if wanted is not Wanted.ERASED and any(one.wanted is Wanted.ERASED for one in before):
        raise Conflict(f"Customer {number} was to be erased there, and nothing leads back from that.")
    if wanted is Wanted.RECORD and not before:
        raise Conflict(f"Customer {number} is not restricted.")


def _ask(settings: Settings, store: RecordStore, wanted: Wanted, number: str, yes: bool) -> None:
    console = terminal()
    console.print(ASKED[wanted].format(number=number))
    console.print(UNTOUCHED)
    if wanted is Wanted.RESTRICTED:
        for name, one in configured(settings).items():
            if name not in store.catalogue.restriction and one.kind not in BY_ITSELF:
                console.print(f"{name} cannot show it: the catalogue's [restriction] names no field.", style="yellow")
    if not yes:
        typer.confirm("Go on?", abort=True)


async def _register(settings: Settings, store: RecordStore) -> None:
    """Those that no worker has served yet are told, too."""
    async with connectors(settings, store.catalogue, store.database) as made:
        await register(store.database, [line(name, one, store, settings) for name, one in made.items()])


async def _awaited(database: Database, customer: UUID, names: Collection[str]) -> Sequence[Confirmation]:
    """How far all are, not before each of these has done so, or refuses."""
    while True:
        found = await confirmations(database, customer)
        if not any(one.open and one.connector in names for one in found):
            return found
        await asyncio.sleep(LOOK_SECONDS)


def _state(one: Confirmation, settings: Settings) -> str:
    if one.confirmed_at:
        return f"{one.confirmed_at:%Y-%m-%d %H:%M:%S %Z}"
    if one.connector not in configured(settings):
        return "not in the settings: nobody asks it"
    if one.refused:
        return f"refused: {in_words(one.says)}"
    return f"not yet: {in_words(one.says)}" if one.says else "not yet"
