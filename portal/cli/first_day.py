"""Bringing in the customers that there are already: from a CRM, or from a file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import phonenumbers
import typer
from rich.table import Table

from portal.adoption.columns import known_columns
from portal.adoption.crm import Contacts
from portal.adoption.everybody import Wish, bring_everybody
from portal.adoption.file import Lines
from portal.adoption.run import Run
from portal.catalogue import load
from portal.cli.context import records, run, somebody
from portal.cli.terminal import progress, terminal
from portal.crm import configured, connect
from portal.crm.inventory import Browsing
from portal.crm.setup import Closing
from portal.errors import Invalid, NotFound
from portal.paths import resource
from portal.record.store import RecordStore
from portal.settings import Settings, load_settings
from portal.sync.enroll import register
from portal.sync.line import line

FROM_A_FILE = "To bring customers in from a file: portal customer import FILE.csv"

DryRun = Annotated[bool, typer.Option("--dry-run", help="Write nothing, and say what would be written.")]
ReportFile = Annotated[Path | None, typer.Option("--report", help="Where to name everybody who is doubtful, and why.")]
Again = Annotated[bool, typer.Option("--again", help="Begin anew, instead of going on with what was broken off.")]
Country = Annotated[
    str | None, typer.Option(help="Where phone numbers without a country code are, such as DE.", show_default=False)
]
Shared = Annotated[bool, typer.Option("--shared-mailboxes", help="Different customers may have one e-mail address.")]


class _Bar:
    """How far it is, on the terminal's error output."""

    def __init__(self, what: str) -> None:
        self.progress = progress(what)
        self._task = self.progress.add_task("Looking through", total=None)

    def say(self, words: str) -> None:
        self.progress.console.print(words)

    def looked(self, people: int) -> None:
        self.progress.advance(self._task, people)

    def begins(self, through: int, total: int) -> None:
        if through:
            self.say(f"Going on at {through:,}.")
        self.progress.remove_task(self._task)
        self._task = self.progress.add_task("Bringing in", total=total, completed=through)

    def went(self, people: int) -> None:
        self.progress.advance(self._task, people)


def adopt(
    name: Annotated[str, typer.Argument(help="What settings and catalogue call the CRM.")],
    dry_run: DryRun = False,
    report: ReportFile = None,
    again: Again = False,
    country: Country = None,
    shared_mailboxes: Shared = False,
) -> None:
    """Bring in the customers that a CRM has already, and tie its contacts to them. Can be broken off and run again."""
    settings, wish = _settings(), Wish(dry_run, report, again, shared_mailboxes, somebody())
    _tell(run(_adopt(settings, name, _country(country), wish)), wish, "contact")


def import_customers(
    file: Annotated[Path | None, typer.Argument(help="A CSV file with a heading.", show_default=False)] = None,
    columns: Annotated[bool, typer.Option("--columns", help="Print the columns that are understood.")] = False,
    dry_run: DryRun = False,
    report: ReportFile = None,
    again: Again = False,
    country: Country = None,
    shared_mailboxes: Shared = False,
) -> None:
    """Bring in customers from a CSV file, in UTF-8. Can be broken off and run again."""
    settings, wish = _settings(), Wish(dry_run, report, again, shared_mailboxes, somebody())
    if columns:
        _print_columns(settings)
        return
    if file is None:
        raise Invalid("Which file?", hint="portal customer import FILE.csv, or --columns for what it may have.")
    _tell(run(_import(settings, file, _country(country), wish)), wish, "line")


def _settings() -> Settings:
    """The lock of a run holds a connection of its own."""
    settings = load_settings()
    return settings.model_copy(update={"database_pool_size": max(2, settings.database_pool_size)})


async def _adopt(settings: Settings, name: str, country: str | None, wish: Wish) -> Run:
    known = configured(settings)
    if name not in known:
        raise NotFound(f"There is no CRM {name}.", hint=f"The settings name: {', '.join(known)}.")
    bar = _Bar("contacts")
    async with records(settings) as store, _contacts(settings, store, name, country, wish, bar) as contacts:
        with bar.progress:
            return await bring_everybody(store, contacts, wish, bar)


@asynccontextmanager
async def _contacts(
    settings: Settings, store: RecordStore, name: str, country: str | None, wish: Wish, bar: _Bar
) -> AsyncIterator[Contacts]:
    connector = connect(name, settings, store.catalogue, store.database)
    try:
        if not isinstance(connector, Browsing):
            raise Invalid(_not_adoptable(name, configured(settings)[name].kind), hint=FROM_A_FILE)
        if not configured(settings)[name].number_field:
            setting = f"CRM__{name.upper()}__NUMBER_FIELD"
            raise Invalid(f"{setting} is not set: without customer numbers nobody can tell who a contact is.")
        one = line(name, connector, store, settings)
        if not wish.dry:
            await register(store.database, [one])
        label = one.connector.label
        yield Contacts(one, country, lambda seconds: bar.say(f"{label} wants a break of {seconds:.0f} seconds."))
    finally:
        if isinstance(connector, Closing):
            await connector.aclose()


def _not_adoptable(name: str, kind: str) -> str:
    if kind == "embedded":
        return "The built-in CRM is filled from the portal: it has nobody whom the portal does not have."
    return f"{name} only listens: it cannot be asked which contacts it has."


async def _import(settings: Settings, file: Path, country: str | None, wish: Wish) -> Run:
    bar = _Bar("lines")
    async with records(settings) as store:
        lines = Lines.open(file, store.catalogue, country)
        with bar.progress:
            return await bring_everybody(store, lines, wish, bar)


def _country(code: str | None) -> str | None:
    if code is not None and code.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise Invalid(f"{code} is no country: two letters, such as DE.")
    return code.upper() if code else None


def _tell(done: Run, wish: Wish, what: str) -> None:
    """What became of them all. Ends with 1 if somebody has to look."""
    console = terminal()
    people = f"{done.through:,} {what}{'' if done.through == 1 else 's'}"
    console.print(f"{people}: {done.new:,} new, {done.matched:,} matched, {done.doubtful:,} doubtful.")
    for reason, count in sorted(done.reasons.items(), key=lambda pair: -pair[1]):
        console.print(f"  {count:,} {reason}")
    if done.refused:
        console.print(f"{done.refused:,} could not be written or tied; run it again when that is mended.")
    if done.reasons or done.refused:
        console.print(f"{wish.report or '--report FILE.csv'} names them.")
    if wish.dry:
        console.print("This was a dry run: nothing was written.")
    if done.doubtful or done.refused:
        raise typer.Exit(1)


def _print_columns(settings: Settings) -> None:
    table = Table("column", "takes", box=None)
    for name, takes in known_columns(load(settings.catalogue or resource("catalogue.toml"))):
        table.add_row(name, takes)
    terminal().print(table)
