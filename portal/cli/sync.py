"""Sync, from the command line: how the CRMs are doing, and what is to become of records that they refuse."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Table

from portal.catalogue import Catalogue
from portal.cli.context import customer_id, records, run
from portal.cli.crm_checks import tell_of_doubts
from portal.cli.sync_all import drift, resync
from portal.cli.terminal import terminal
from portal.crm import configured
from portal.crm.said import in_words
from portal.db.database import Database, Row
from portal.errors import Invalid
from portal.formats import format_ago
from portal.settings import load_settings
from portal.sync import steer

app = typer.Typer(help="What has reached the CRMs, what waits, and what is to be done about it.", no_args_is_help=True)
app.command()(resync)
app.command()(drift)

STATUS = """
SELECT o.name, o.label, o.paused_at, g.open_until, g.shut_until, g.tokens, g.rate_calls, g.remaining, g.remaining_of,
    g.last_error, g.resyncing_since,
    count(*) FILTER (WHERE s.synced_seq < s.desired_seq AND s.wanted <> 'erased') AS behind,
    count(*) FILTER (WHERE s.status = 'parked') AS parked,
    max(s.attempts) AS attempts,
    clock_timestamp() - b.waiting_since AS waiting,
    clock_timestamp() AS now
FROM portal.connector o LEFT JOIN portal.sync_state s ON s.connector = o.name
LEFT JOIN portal.connector_gate g ON g.connector = o.name
LEFT JOIN portal.connector_backlog_v1 b ON b.connector = o.name
GROUP BY o.name, o.label, g.connector, b.waiting_since ORDER BY o.name
"""

PARKED = """
SELECT s.connector, c.number, s.status, s.attempts, s.last_error
FROM portal.sync_state s JOIN portal.customer c ON c.id = s.customer_id
WHERE s.status IN ('parked', 'skipped') ORDER BY s.connector, c.number LIMIT %s
"""
WORKERS = """
SELECT count(*) FILTER (WHERE w.seen_at > at - interval '10 seconds') AS running,
    max(w.seen_at) FILTER (WHERE w.seen_at <= at - interval '10 seconds') AS silent_since
FROM portal.worker w, clock_timestamp() at
"""
SHOWN = 50
ACTOR = "cli"

Crm = Annotated[str, typer.Argument(help="The CRM's name, as in `portal sync status`.")]
Number = Annotated[str, typer.Argument(help="The customer's number.")]


@app.callback()
def group() -> None:
    """What has reached the CRMs, what waits, and what is to be done about it."""


@app.command()
def status(parked: Annotated[bool, typer.Option(help="List the records that are parked.")] = True) -> None:
    """Show how each CRM is doing: how many records are behind, for how long, and what keeps it."""

    settings = load_settings()

    async def main() -> tuple[Catalogue, list[Row], list[Row], Row]:
        async with records(settings) as store:
            found = await store.database.fetch_all(STATUS), await store.database.fetch_all(PARKED, [SHOWN])
            [workers] = await store.database.fetch_all(WORKERS)
            return store.catalogue, *found, workers

    catalogue, crms, refused, workers = run(main())
    table = Table("connector", "CRM", "state", "behind", "oldest waits", "parked", "most attempts", "budget")
    for row in crms:
        # One that was just changed may be due in a moment.
        waiting = f"{max(0.0, row['waiting'].total_seconds()):.1f} s" if row["waiting"] is not None else ""
        figures = (str(row["behind"]), waiting, str(row["parked"]), str(row["attempts"] or 0))
        state = _state(row) if row["name"] in configured(settings) else "not in the settings"
        table.add_row(row["name"], row["label"], state, *figures, _budget(row))
    terminal().print(table)
    terminal().print(_workers(workers))
    if parked and refused:
        listed = Table("connector", "customer", "state", "attempts", "why", title="Parked")
        for row in refused:
            why = in_words(row["last_error"])
            listed.add_row(row["connector"], row["number"], row["status"], str(row["attempts"]), why)
        terminal().print(listed)
    tell_of_doubts(settings, catalogue, terminal())


@app.command()
def pause(crm: Crm) -> None:
    """Call a CRM no more until it is resumed. Nothing is lost: changes wait."""
    _steered(crm, None, lambda database, _id: steer.pause(database, crm, actor=ACTOR), f"{crm} is paused already.")
    terminal().print(f"{crm} is paused. Changes wait until: portal sync resume {crm}")


@app.command()
def resume(crm: Crm) -> None:
    """Go on with a paused CRM."""
    _steered(crm, None, lambda database, _id: steer.resume(database, crm, actor=ACTOR), f"{crm} is not paused.")
    terminal().print(f"{crm} goes on.")


@app.command()
def retry(
    crm: Crm,
    number: Annotated[str | None, typer.Argument(help="The customer's number; without, all that are parked.")] = None,
) -> None:
    """Try parked records again."""
    done = _steered(
        crm,
        number,
        lambda database, id: steer.retry(database, crm, id, actor=ACTOR),
        "Nothing is parked there." if number is None else f"Customer {number} is not parked there.",
    )
    terminal().print(f"{done} {'record is' if done == 1 else 'records are'} tried again.")


@app.command()
def skip(crm: Crm, number: Number) -> None:
    """Give up what a parked record says now. Its next change is tried as usual."""
    _steered(
        crm, number, lambda database, id: steer.skip(database, crm, _known(id), actor=ACTOR), f"{number} is not parked."
    )
    terminal().print(f"Customer {number} is skipped until the next change.")


@app.command()
def park(
    crm: Crm, number: Number, why: Annotated[str, typer.Option(help="What agents and operators read.")] = "by hand"
) -> None:
    """Keep a record from a CRM until its next change, or until somebody tries again."""
    _steered(
        crm,
        number,
        lambda database, id: steer.park(database, crm, _known(id), why, actor=ACTOR),
        f"Customer {number} is parked already, erased, or just being worked on.",
    )
    terminal().print(f"Customer {number} is parked.")


@app.command()
def relink(
    crm: Crm,
    number: Number,
    contact: Annotated[str | None, typer.Option(help="Its id in the CRM; without, a new one is made.")] = None,
) -> None:
    """Say which contact a record belongs to. One that belongs to another customer is refused."""
    _steered(
        crm,
        number,
        lambda database, id: steer.relink(database, crm, _known(id), contact, actor=ACTOR),
        "Nothing was changed: that contact belongs to another customer, or this one was erased.",
    )
    terminal().print(f"Customer {number} is linked; the contact is read now.")


def _workers(row: Row) -> str:
    running = f"{row['running']} worker{'s are' if row['running'] != 1 else ' is'} running."
    if not row["running"]:
        running = "No worker is running, so nothing reaches the CRMs. Start one: portal work."
    last = f" One was last seen {format_ago(row['silent_since'])}." if row["silent_since"] else ""
    return running + last


def _state(row: Row) -> str:
    if row["paused_at"]:
        return "paused"
    if row["open_until"]:
        return f"does not answer: {in_words(row['last_error'])}"
    if row["shut_until"] and row["shut_until"] > row["now"]:
        return f"wants a break until {row['shut_until']:%H:%M:%S}"
    return "resync" if row["resyncing_since"] else "well"


def _budget(row: Row) -> str:
    told = f"{row['remaining']} of {row['remaining_of']} left" if row["remaining"] is not None else ""
    ours = f"{max(0, int(row['tokens']))} of {row['rate_calls']} calls" if row["rate_calls"] else ""
    return ", ".join(filter(None, (ours, told)))


def _known(customer: UUID | None) -> UUID:
    assert customer is not None
    return customer


def _steered(
    crm: str, number: str | None, act: Callable[[Database, UUID | None], Awaitable[int]], otherwise: str
) -> int:
    """Do it, to one customer if one is named; ends with 1 and says why if nothing came of it."""

    async def main() -> int:
        async with records(load_settings()) as store:
            if not await store.database.fetch_all("SELECT name FROM portal.connector WHERE name = %s", [crm]):
                raise Invalid(f"There is no CRM {crm!r}: see portal sync status.", {})
            customer = await customer_id(store.database, number) if number is not None else None
            return await act(store.database, customer)

    done = run(main())
    if not done:
        terminal(stderr=True).print(otherwise, style="red")
        raise typer.Exit(1)
    return int(done)
