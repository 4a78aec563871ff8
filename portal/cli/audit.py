"""The change log, and what happened at the doors, from the command line."""

import os
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from portal import clock
from portal.auditing.counts import mend_counts
from portal.auditing.events import EventFilter, EventPage, read_events
from portal.auditing.verified import note_verified
from portal.cli.context import records, run
from portal.cli.terminal import progress, terminal
from portal.db.database import Database, Role
from portal.record.verify import Report, verify
from portal.record.verify_processes import checking
from portal.settings import load_settings

CORES = os.cpu_count() or 1
SMALL = 20_000
"""So many entries are verified in less time than it takes to start processes for them."""

app = typer.Typer(help="Verify the change log; read the security events.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Verify the change log; read the security events."""


@app.command("verify")
def verify_log(
    processes: Annotated[int, typer.Option(help="How many at a time; as many as there are cores.", min=1)] = CORES,
) -> None:
    """Walk every chain and compare every record with its chain. Auditors see when that was done last.

    Of those who were erased there is nothing to compare: their chains are checked by their hashes, and they are named.
    Ends with 1 and names the customer, the chain and the first broken change where something does not hold.
    """
    report, miscounted = run(_verify(processes))
    console = terminal()
    console.print(
        f"Expected {report.expected_chains} chains with {report.expected_entries} changes; "
        f"walked {report.chains} chains with {report.entries} changes."
    )
    for finding in report.findings:
        console.print(
            f"BROKEN: customer {finding.number}, chain {finding.chain}, change {finding.seq}: {finding.why}.",
            style="red",
        )
    if report.erased:
        console.print(
            f"Erased, and checked by their hashes alone: {len(report.erased)} customers ({', '.join(report.erased)})."
        )
    if miscounted:
        since = f"{miscounted.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        console.print(
            f"How many changes the log's page told from {since} on was not so. Workers count anew.", style="yellow"
        )
    if not report.holds:
        raise typer.Exit(1)
    console.print("Every chain holds, and every record is what its changes add up to.", style="green")


@app.command("events")
def show_events(
    kind: Annotated[str | None, typer.Option(help="Of one kind alone, such as login:failed.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Since then, in UTC.")] = None,
    until: Annotated[datetime | None, typer.Option(help="Before then, in UTC.")] = None,
    most: Annotated[int, typer.Option(help="How many rows at most.", min=1, max=100_000)] = 100,
) -> None:
    """Show what happened at the doors and belongs to no customer, the newest first.

    Each line has the time, how often it happened in that minute, the kind, and what is known.
    """
    asked = EventFilter(kind, since and since.replace(tzinfo=UTC), until and until.replace(tzinfo=UTC))
    found = run(_events(asked, most))
    console = terminal()
    for event in found.events:
        facts = "  ".join(f"{name}={value}" for name, value in sorted(event.facts.items()))
        console.print(f"{event.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}  {event.count}x  {event.action}  {facts}")
    if not found.events:
        console.print("There is none.")
    elif found.more:
        console.print(f"There are more than these {most}: see --most, --since and --until.", style="yellow")


async def _events(asked: EventFilter, most: int) -> EventPage:
    async with Database.configured(load_settings(), Role.WORKER) as database:
        return await read_events(database, asked, limit=most)


async def _verify(processes: int) -> tuple[Report, datetime | None]:
    bar = progress()
    settings = load_settings()
    async with records(settings) as store:
        began = clock.current.monotonic()
        row = await store.database.fetch_one("SELECT coalesce(sum(seq), 0)::bigint AS entries FROM portal.customer")
        entries = row["entries"] if row else 0
        with bar:
            task = bar.add_task("Verifying", total=entries)
            walk = partial(verify, store.database, store.keys, progress=lambda n: bar.advance(task, n))
            if processes == 1 or entries < SMALL:
                report = await walk()
            else:
                async with checking(settings, processes) as check:
                    # One batch more than there are processes, so that none of them waits for its next one.
                    report = await walk(check=check, ahead=processes + 1)
        await note_verified(store.database, report, clock.current.monotonic() - began)
        return report, await mend_counts(store.database)
