"""Sync, from the command line."""

import typer
from rich.console import Console
from rich.table import Table

from portal.cli.context import records, run
from portal.settings import load_settings

app = typer.Typer(help="What has reached the CRMs, and what waits.", no_args_is_help=True)

STATUS = """
SELECT o.name, o.label,
    count(*) FILTER (WHERE s.synced_seq < s.desired_seq) AS behind,
    count(*) FILTER (WHERE s.status = 'parked') AS parked,
    max(s.attempts) AS attempts,
    max(clock_timestamp() - s.push_due_at) FILTER (WHERE s.synced_seq < s.desired_seq) AS waiting
FROM portal.connector o LEFT JOIN portal.sync_state s ON s.connector = o.name
GROUP BY o.name, o.label ORDER BY o.name
"""


@app.callback()
def group() -> None:
    """What has reached the CRMs, and what waits."""


@app.command()
def status() -> None:
    """Show for each CRM how many records are behind, and for how long."""

    async def main() -> None:
        async with records(load_settings()) as store:
            rows = await store.database.fetch_all(STATUS)
        table = Table("connector", "CRM", "behind", "oldest waits", "parked", "most attempts")
        for row in rows:
            waiting = f"{row['waiting'].total_seconds():.1f} s" if row["waiting"] else ""
            table.add_row(
                row["name"], row["label"], str(row["behind"]), waiting, str(row["parked"]), str(row["attempts"] or 0)
            )
        Console().print(table)

    run(main())
