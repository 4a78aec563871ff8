"""The database: creating it with its roles, and bringing its schema up to date."""

import base64
import secrets
from typing import Annotated

import typer

from portal.cli.terminal import terminal
from portal.db import migrations
from portal.db.database import Role, database_url
from portal.db.roles import initialise
from portal.errors import Unavailable
from portal.settings import load_settings

app = typer.Typer(help="Create the database and its roles.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Create the database and its roles."""


@app.command()
def init(
    admin_url: Annotated[
        str,
        typer.Option(help="Connection of an administrator, such as postgresql://postgres:...@db.example.com/portal"),
    ],
    new_passwords: Annotated[
        bool,
        typer.Option(help="Change the passwords of roles that exist. Every portal on this server needs them then."),
    ] = False,
) -> None:
    """Create the roles and the database that are missing, and print the settings to put down."""
    passwords = {role: secrets.token_urlsafe(24) for role in Role}
    try:
        given = initialise(admin_url, passwords, new_passwords=new_passwords)
    except ValueError as error:
        raise Unavailable(str(error)) from error
    except Exception as error:
        raise Unavailable(f"The database cannot be set up: {error}".strip()) from error
    from sqlalchemy import make_url

    url = make_url(admin_url)._replace(drivername="postgresql", username=None, password=None)
    console = terminal()
    console.print(f"DATABASE_URL={url.render_as_string()}")
    for role, password in passwords.items():
        name = f"DATABASE_{role.value.upper()}_PASSWORD"
        kept = f"# {role.user} exists: {name} stays what it is"
        console.print(f"{name}={password}" if role in given else kept)
    console.print(
        f"KEY_ENCRYPTION_KEY={base64.b64encode(secrets.token_bytes(32)).decode()}   # new; keep an old one",
    )


def migrate() -> None:
    """Bring the schema to the newest version. Needs the owner's password."""
    migrations.migrate(database_url(load_settings(), Role.OWNER))
    terminal().print(f"The schema is at {migrations.head()}.")
