"""The change log, from the command line."""

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from portal.cli.context import records, run
from portal.record.verify import Report, verify
from portal.settings import load_settings

app = typer.Typer(help="Prove that the change log was not altered.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Prove that the change log was not altered."""


@app.command("verify")
def verify_log() -> None:
    """Walk every chain and compare every record with its chain.

    Ends with 1 and names the customer, the chain and the first broken change where something does not hold.
    """
    report = run(_verify())
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"Expected {report.expected_chains} chains with {report.expected_entries} changes; "
        f"walked {report.chains} chains with {report.entries} changes."
    )
    for finding in report.findings:
        console.print(
            f"BROKEN: customer {finding.number}, chain {finding.chain}, change {finding.seq}: {finding.why}.",
            style="red",
            markup=False,
        )
    if not report.holds:
        raise typer.Exit(1)
    console.print("Every chain holds, and every record is what its changes add up to.", style="green")


async def _verify() -> Report:
    bar = Progress(
        TextColumn("Verifying"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    async with records(load_settings()) as store:
        row = await store.database.fetch_one("SELECT coalesce(sum(seq), 0)::bigint AS entries FROM portal.customer")
        with bar:
            task = bar.add_task("verify", total=row["entries"] if row else 0)
            return await verify(store.database, store.keys, progress=lambda n: bar.advance(task, n))
