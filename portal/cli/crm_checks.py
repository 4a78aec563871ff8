"""What commands say of the CRMs that settings and catalogue name: whether they can work, and what to do about it."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from portal.catalogue import Catalogue, CatalogueError, load
from portal.cli.context import run
from portal.cli.finding import Finding
from portal.cli.terminal import terminal
from portal.crm import configured
from portal.crm.checking import Checked, check_all, check_one
from portal.db.database import Database, Role
from portal.errors import NotFound
from portal.paths import resource
from portal.settings import Settings, load_settings


def check(
    name: Annotated[str | None, typer.Argument(help="What settings and catalogue call it; without, all.")] = None,
) -> None:
    """Ask CRMs which fields they have, and say what is missing or of the wrong type for the catalogue."""
    settings = load_settings()
    catalogue = load(settings.catalogue or resource("catalogue.toml"))
    checked = _one(name, settings, catalogue) if name else look(settings, catalogue)
    console = terminal()
    for one in checked:
        _show(one, console)
    if any(one.configured and (one.why or one.wrong) for one in checked):
        raise typer.Exit(1)


def _one(name: str, settings: Settings, catalogue: Catalogue) -> Sequence[Checked]:
    if name not in configured(settings):
        known = ", ".join(configured(settings))
        raise NotFound(f"There is no CRM {name}.", hint=f"The settings name: {known}.")
    return [run(check_one(name, settings, catalogue, Database.configured(settings, Role.WORKER)))]


def look(settings: Settings, catalogue: Catalogue, *, ask: bool = True) -> Sequence[Checked]:
    """All of them, asked for their fields or not."""
    return run(check_all(settings, catalogue, Database.configured(settings, Role.WORKER), ask=ask))


def _show(one: Checked, console: Console) -> None:
    if one.why:
        console.print(f"{one.name}: {one.why}", style="red" if one.configured else "yellow")
    elif one.fields is None:
        console.print(f"{one.name} takes whatever the catalogue names: nothing to check.")
    else:
        table = Table("field", "there", "", title=one.name, title_justify="left")
        for field in one.fields:
            table.add_row(field.name, field.there, field.problem or "good", style="red" if field.problem else None)
        console.print(table)
        console.print(f"{len(one.fields)} fields: " + (f"{one.wrong} to be mended." if one.wrong else "good."))


def ask_crms(settings: Settings) -> Iterator[Finding]:
    """For `portal doctor`: each CRM, asked."""
    try:
        catalogue = load(settings.catalogue or resource("catalogue.toml"))
    except CatalogueError:
        return  # said already
    for one in look(settings, catalogue):
        fields = f": {len(one.fields)} fields" if one.fields is not None else ""
        mend = f"{one.wrong} of its fields are to be mended: portal crm check {one.name} lists them."
        advice = one.why or (mend if one.wrong else None)
        yield Finding(f"CRM {one.name}{fields}", advice, needed=one.configured)


def tell_of_doubts(settings: Settings, catalogue: Catalogue, console: Console) -> None:
    """For commands that have something else to say: what keeps CRMs from working, without asking them."""
    for one in look(settings, catalogue, ask=False):
        if one.why:
            _show(one, console)
