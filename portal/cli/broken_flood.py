"""A flood of invented customers that was killed, and has left out of the schema what it had put away for its time."""

from collections.abc import Iterator

import psycopg

from portal.cli.finding import Finding
from portal.db.database import Role, database_url
from portal.settings import Settings

PUT_AWAY = "SELECT to_regclass('portal.put_away') IS NOT NULL"


def look_for_floods(settings: Settings) -> Iterator[Finding]:
    """What `portal doctor` says of it; whether the database answers is told elsewhere."""
    url = database_url(settings, Role.WORKER).set(drivername="postgresql")
    try:
        with psycopg.connect(url.render_as_string(hide_password=False), connect_timeout=3) as connection:
            found = connection.execute(PUT_AWAY).fetchone()
    except psycopg.Error:
        return
    if found == (True,):
        yield Finding(
            "invented customers: `portal demo flood` is under way, or was killed",
            "Until it has ended, row-level security does not bind the tables' owner, and indexes and references "
            "between tables may be missing. If none is under way, bring all back with another one: "
            "`portal demo flood --customers 1`.",
            needed=False,
        )
