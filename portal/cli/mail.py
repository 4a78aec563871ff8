"""Mail, from the command line."""

from typing import Annotated

import typer
from rich.table import Table

from portal import clock
from portal.cli.context import records, run
from portal.cli.terminal import terminal
from portal.errors import Unavailable
from portal.i18n import using
from portal.jobs.status import TaskStatus, again
from portal.jobs.status import status as status_of_jobs
from portal.jobs.task import NotDone
from portal.mail.compose import Stationery, Unwritable, compose
from portal.mail.kinds import TASK
from portal.mail.letters import trial
from portal.mail.smtp import deliver
from portal.settings import Settings, load_settings
from portal.web.brand import colours

app = typer.Typer(help="Try the mail server, and see what could not be sent.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Try the mail server, and see what could not be sent."""


@app.command()
def test(
    address: Annotated[str, typer.Argument(help="Where to.")],
    language: Annotated[str, typer.Option(help="In which language: en or de.")] = "en",
) -> None:
    """Send a mail, and say what the mail server makes of it."""
    settings = load_settings()
    if not settings.smtp_host:
        raise Unavailable("No mail is sent: SMTP_HOST is empty.", hint="Set SMTP_HOST and MAIL_FROM.")
    try:
        run(_send(settings, address, language))
    except Unwritable:
        raise Unavailable(f"{address} is no e-mail address.") from None
    except NotDone as error:
        raise Unavailable(f"It was not sent: {error}.") from None
    terminal().print(f"The mail server took it for {address}.")


async def _send(settings: Settings, address: str, language: str) -> None:
    stationery = Stationery.configured(settings, colours(settings))
    with using(language):
        message, envelope = compose(
            stationery, trial(stationery.sender), to=address, name="", id=clock.uuid7(), at=clock.now()
        )
    await deliver(settings, message, envelope)


@app.command()
def status() -> None:
    """Show what waits, and what could not be sent and why."""

    async def main() -> TaskStatus:
        async with records(load_settings()) as store:
            return (await status_of_jobs(store.database)).get(TASK, TaskStatus(TASK))

    seen = run(main())
    console = terminal()
    trouble = f", {seen.failing} of them tried already: {seen.why}" if seen.failing else ""
    console.print(f"{seen.waiting} waiting{trouble}; {seen.failed} not sent.")
    if seen.failures:
        table = Table("job", "customer", "letter", "attempts", "given up", "why")
        for job in seen.failures:
            at = f"{job.at:%Y-%m-%d %H:%M}" if job.at else ""
            table.add_row(str(job.id), job.number, job.kind, str(job.attempts), at, job.why)
        console.print(table)


@app.command()
def retry(
    job: Annotated[
        list[int] | None, typer.Argument(help="Which, as `portal mail status` numbers them; or all.")
    ] = None,
) -> None:
    """Try again what could not be sent."""

    async def main() -> int:
        async with records(load_settings()) as store:
            return await again(store.database, TASK, job)

    terminal().print(f"{run(main())} to be tried again.")
