"""The command `portal`: each group in a module of its own."""

import logging
import sys
from importlib.metadata import version
from typing import Annotated

import psycopg
import psycopg_pool
import structlog
import typer

from portal.catalogue import CatalogueError
from portal.cli import audit, catalogue, crm, customer, database, demo, keys, mail, serve, sessions, sync
from portal.cli.doctor import doctor
from portal.cli.flags import show_without_values
from portal.cli.terminal import terminal
from portal.errors import PortalError
from portal.paths import resource
from portal.settings import SettingsError

app = typer.Typer(
    help="The customer's side of the CRM record.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command()(serve.serve)
app.command()(serve.work)
app.command()(serve.dev)
app.command()(database.migrate)
app.command()(doctor)
app.add_typer(database.app, name="database")
app.add_typer(customer.app, name="customer")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(audit.app, name="audit")
app.add_typer(sync.app, name="sync")
app.add_typer(crm.app, name="crm")
app.add_typer(mail.app, name="mail")
app.add_typer(keys.app, name="keys")
app.add_typer(sessions.app, name="sessions")
app.add_typer(demo.app, name="demo")


@app.command()
def settings() -> None:
    """Print every setting with its default and what it is for: the beginning of a .env file."""
    print(resource(".env.example").read_text(encoding="utf-8"), end="")


def _version(wanted: bool) -> None:
    if wanted:
        print(version("customer-profile-portal"))
        raise typer.Exit


@app.callback()
def portal(
    shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """The customer's side of the CRM record."""


show_without_values(app)


def main() -> None:
    """Run a command. What a person can mend is told in a sentence, without a traceback."""
    # A command answers in words of its own. What serves sets up its log anew; of the pool's attempts one hears below.
    quiet = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=quiet, logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    try:
        app()
    except (psycopg.OperationalError, psycopg_pool.PoolTimeout) as error:
        console = terminal(stderr=True)
        console.print("The database does not answer. Is it running, and is DATABASE_URL its address?", style="red")
        console.print(f"{error}".strip() + "\n`portal doctor` looks into it.", style="dim")
        sys.exit(1)
    except (SettingsError, CatalogueError, PortalError) as error:
        console = terminal(stderr=True)
        console.print(str(error), style="red")
        if isinstance(error, PortalError) and error.hint:
            console.print(error.hint)
        sys.exit(1)
