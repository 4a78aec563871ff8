"""Sessions, from the command line: when an account was taken over, or somebody has left."""

from typing import Annotated

import typer

from portal.cli import orphaned_sessions
from portal.cli.context import run
from portal.cli.terminal import terminal
from portal.db.database import Database, Role
from portal.errors import Invalid, NotFound
from portal.settings import load_settings

app = typer.Typer(help="End sessions.", no_args_is_help=True)

CUSTOMER = "SELECT id FROM portal.customer WHERE number = %s"
STAFF = "SELECT id FROM portal.staff WHERE lower(email) = lower(%(who)s) OR subject = %(who)s"
END = "DELETE FROM portal.session WHERE customer_id = ANY(%(whose)s) OR staff_id = ANY(%(whose)s) RETURNING id"
END_ALL = "DELETE FROM portal.session RETURNING id"


@app.callback()
def group() -> None:
    """End sessions."""


@app.command("end")
def end(
    customer: Annotated[str | None, typer.Option(help="Those of a customer, by number.")] = None,
    staff: Annotated[str | None, typer.Option(help="Those of one of the staff, by e-mail address or subject.")] = None,
    orphaned: Annotated[
        bool, typer.Option("--orphaned", help="Those of providers that the settings name no more.")
    ] = False,
    everybody: Annotated[bool, typer.Option("--everybody", help="Those of all customers and staff.")] = False,
) -> None:
    """Log somebody out wherever they are logged in, at once and on all machines.

    Whoever can still log in at the identity provider comes in again: lock the account there first.
    """
    if [customer is not None, staff is not None, orphaned, everybody].count(True) != 1:
        raise Invalid("Say whose sessions shall end: --customer NUMBER, --staff ADDRESS, --orphaned, or --everybody.")

    async def main() -> None:
        settings = load_settings()
        async with Database.configured(settings, Role.WORKER) as database:
            if orphaned:
                ended = await database.fetch_all(orphaned_sessions.END, orphaned_sessions.known(settings))
            elif everybody:
                ended = await database.fetch_all(END_ALL)
            else:
                ended = await database.fetch_all(END, {"whose": await _whose(database, customer, staff)})
        sessions = "1 session has" if len(ended) == 1 else f"{len(ended)} sessions have"
        after = "Pages that are open show nothing new, and ask for a login." if ended else "Nobody was logged in."
        terminal().print(f"{sessions} ended. {after}")

    run(main())


async def _whose(database: Database, customer: str | None, staff: str | None) -> list[object]:
    found = await (
        database.fetch_all(CUSTOMER, [customer]) if customer else database.fetch_all(STAFF, {"who": staff or ""})
    )
    if not found:
        raise NotFound(f"There is no customer {customer}." if customer else f"Nobody of the staff is known as {staff}.")
    return [row["id"] for row in found]
