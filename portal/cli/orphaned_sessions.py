"""Sessions that a provider vouched for which the settings name no more: nobody tells of their end, and they can be
proved anew nowhere."""

from collections.abc import Iterator

import psycopg

from portal.cli.finding import Finding
from portal.db.database import Role, database_url
from portal.settings import Settings

ORPHANED = """
NOT (audience = 'customer' AND provider = ANY(%(customers)s) OR audience = 'staff' AND provider = ANY(%(staff)s))
"""
COUNT = f"SELECT provider, count(*) FROM portal.session WHERE {ORPHANED} GROUP BY provider ORDER BY provider"  # noqa: S608
END = f"DELETE FROM portal.session WHERE {ORPHANED} RETURNING id"  # noqa: S608 - a constant


def known(settings: Settings) -> dict[str, list[str]]:
    """The providers of the settings, as the statements take them."""
    return {"customers": [*settings.customer_oidc], "staff": [*settings.staff_oidc]}


def look_for_orphans(settings: Settings) -> Iterator[Finding]:
    """What `portal doctor` says of them; whether the database answers is told elsewhere."""
    url = database_url(settings, Role.WORKER).set(drivername="postgresql")
    try:
        with psycopg.connect(url.render_as_string(hide_password=False), connect_timeout=3) as connection:
            found = connection.execute(COUNT, known(settings)).fetchall()
    except psycopg.Error:
        return
    if found:
        yield Finding(
            "sessions of providers that the settings name no more: "
            + ", ".join(f"{count} of {provider}" for provider, count in found),
            "They last until their own times. End them now with `portal sessions end --orphaned`.",
            needed=False,
        )
