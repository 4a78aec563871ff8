"""Sync of everything, from the command line: comparing every record with a CRM anew, and looking for drift."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from portal.cli.context import records, run
from portal.cli.terminal import progress, terminal
from portal.crm import connectors
from portal.db.database import Database, Row
from portal.errors import Invalid
from portal.settings import Settings, load_settings
from portal.sync.enroll import register
from portal.sync.line import Line, line
from portal.sync.resync import PROGRESS, begin_resync
from portal.sync.sweep import sweep_page

AT_REST = "SELECT count(*) AS records FROM portal.sync_state WHERE connector = %s AND status = 'synced'"
FOUND = """
    SELECT c.number, e.facts FROM portal.sync_event e JOIN portal.customer c ON c.id = e.customer_id
    WHERE e.connector = %s AND e.event = 'drift' ORDER BY e.id DESC LIMIT %s"""
SHOWN = 20
LOOK_SECONDS = 0.5

Crm = Annotated[str, typer.Argument(help="The CRM's name, as in `portal sync status`.")]


def resync(
    crm: Crm, wait: Annotated[bool, typer.Option(help="Show how far it is; it goes on without you.")] = True
) -> None:
    """Have the workers compare every record with its contact anew: after days without the CRM, or a restored backup.

    Nothing is overwritten by it: where both sides differ, whoever owns the field decides, as always.
    """

    async def main() -> None:
        async with records(load_settings()) as store:
            if not await begin_resync(store.database, crm, actor="cli"):
                raise _unknown(crm)
            if wait:
                await _wait(store.database, crm)

    run(main())
    terminal().print(f"Every record was compared with {crm}." if wait else f"Every record is compared with {crm} now.")


async def _wait(database: Database, crm: str) -> None:
    with progress() as bar:
        task = bar.add_task("Comparing")
        while True:
            row = await database.fetch_one(PROGRESS, [crm])
            assert row is not None
            bar.update(task, total=row["records"], completed=row["through"])
            if row["resyncing_since"] is None:
                return
            await asyncio.sleep(LOOK_SECONDS)


def drift(
    crm: Crm,
    rows: Annotated[int, typer.Option(help="How many records are compared at a time.", min=1)] = 100,
    grace: Annotated[float, typer.Option(help="Seconds that the CRM gets to tell of an edit by itself.", min=0)] = 5.0,
) -> None:
    """Compare every record at rest with its contact, and have mended what differs. Workers do it all day, slowly."""
    settings = load_settings()
    compared, drifted, found = run(_drift(settings, crm, rows, grace))
    console = terminal()
    console.print(f"{compared} records were compared with {crm}; {drifted} had drifted.")
    for row in found:
        console.print(f"  customer {row['number']}: {_told(row['facts'])}")
    if drifted:
        console.print("The workers read these contacts anew and mend them.")


async def _drift(settings: Settings, crm: str, rows: int, grace: float) -> tuple[int, int, list[Row]]:
    async with records(settings) as store, connectors(settings, store.catalogue, store.database) as made:
        if crm not in made:
            raise _unknown(crm)
        one = line(crm, made[crm], store, settings)
        await register(store.database, [one])
        compared, drifted = await _all(one, rows, grace)
        found = await store.database.fetch_all(FOUND, [crm, min(drifted, SHOWN)]) if drifted else []
        return compared, drifted, found


async def _all(one: Line, rows: int, grace: float) -> tuple[int, int]:
    count = await one.store.database.fetch_one(AT_REST, [one.name])
    compared = drifted = 0
    after: UUID | None = None
    with progress() as bar:
        task = bar.add_task("Comparing", total=count["records"] if count else 0)
        while True:
            page = await sweep_page(one, after, size=rows, grace=grace, actor="cli")
            compared, drifted, after = compared + page.compared, drifted + page.drifted, page.through
            bar.advance(task, page.compared)
            if after is None:
                return compared, drifted


def _told(facts: dict[str, object]) -> str:
    if facts.get("missing"):
        return "the contact is gone"
    if belongs := facts.get("belongs"):
        return f"the contact belongs {belongs}"
    paths = facts.get("paths")
    told = ", ".join(map(str, paths)) if isinstance(paths, list) else ""
    version = f"version {facts['version']} of the record" if "version" in facts else ""
    return "; ".join(filter(None, (told, version)))


def _unknown(crm: str) -> Invalid:
    return Invalid(f"There is no CRM {crm!r}: see portal sync status.", {})
