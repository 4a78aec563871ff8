"""The demo's database: the embedded one, or the one that DATABASE_URL names."""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from portal.db import embedded, migrations
from portal.db.database import Role, database_url
from portal.db.roles import initialise
from portal.demo.people import PEOPLE
from portal.errors import Unavailable
from portal.settings import Settings

NAME = "portal"


@dataclass(frozen=True)
class DemoDatabase:
    """Where it is. `admin_url` may create roles; `url` names no user, as DATABASE_URL does for the portal."""

    admin_url: URL
    server: embedded.EmbeddedPostgres | None = None

    @property
    def url(self) -> str:
        return self.admin_url._replace(username=None, password=None).render_as_string()

    @property
    def description(self) -> str:
        if self.server:
            return f"PostgreSQL in {self.server.home}"
        return f"PostgreSQL at {self.admin_url.host or self.admin_url.query.get('host', 'localhost')}"


def open_database(given_url: str | None, folder: Path) -> DemoDatabase:
    """Start the embedded server with its data in `folder`, or check that the given one answers."""
    if given_url:
        return DemoDatabase(_checked(given_url))
    server = embedded.start(embedded.suitable_home(folder))
    return DemoDatabase(make_url(server.url(NAME)), server)


def _checked(given: str) -> URL:
    try:
        url = make_url(given).set(drivername="postgresql")
    except ArgumentError:
        raise Unavailable(
            "DATABASE_URL is not an address of a database.",
            hint="It looks like postgresql://postgres:password@localhost:5432/portal.",
        ) from None
    url = url.set(database=url.database or NAME)
    try:
        psycopg.connect(_as_conninfo(url.set(database="postgres")), connect_timeout=5).close()
    except psycopg.OperationalError as error:
        raise Unavailable(
            f"The database that DATABASE_URL names does not let us in: {one_line(error)}",
            hint="Start it or mend DATABASE_URL; without DATABASE_URL the demo brings its own PostgreSQL.",
        ) from None
    return url


def prepare(database: DemoDatabase, settings: Settings) -> None:
    """Create the roles and the database if they are missing, and bring the schema up to date."""
    passwords = {role: getattr(settings, f"database_{role}_password").get_secret_value() for role in Role}
    try:
        # The embedded server is this folder's own; on another one, roles may belong to a portal that people use.
        initialise(_as_conninfo(database.admin_url), passwords, new_passwords=database.server is not None)
    except psycopg.errors.InsufficientPrivilege as error:
        raise Unavailable(
            f"The user in DATABASE_URL may not create roles and databases: {one_line(error)}",
            hint="For portal dev it must be an administrator; for production see portal database init.",
        ) from None
    _try_passwords(settings)
    migrations.migrate(database_url(settings, Role.OWNER))


def lacks_demo_data(settings: Settings) -> bool:
    """Whether somebody of the demo is not in the database yet."""
    numbers = [person.number for person in PEOPLE]
    with psycopg.connect(_as_conninfo(database_url(settings, Role.WORKER).set(drivername="postgresql"))) as connection:
        there = connection.execute("SELECT count(*) FROM portal.customer WHERE number = ANY(%s)", [numbers]).fetchone()
    return there != (len(numbers),)


def _try_passwords(settings: Settings) -> None:
    for role in Role:
        url = database_url(settings, role).set(drivername="postgresql")
        try:
            psycopg.connect(_as_conninfo(url), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            raise Unavailable(
                f"The role {role.user} is on this server already, with another password: {one_line(error)}",
                hint="Another portal uses it. Give the demo a server of its own, or none: it brings PostgreSQL along.",
            ) from None


def one_line(error: Exception) -> str:
    """PostgreSQL's own words, which come in several lines."""
    return " ".join(str(error).split())


def _as_conninfo(url: URL) -> str:
    return url.render_as_string(hide_password=False)
