"""Customers, from the command line."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from portal import clock
from portal.audit.entry import Actor, ActorKind
from portal.audit.values import Value
from portal.cli.context import records, run
from portal.cli.first_day import import_customers
from portal.cli.invitation_report import Report, Result
from portal.cli.invitations import Outcome, Wish, invite_all, invite_one, numbers_in
from portal.cli.terminal import progress, terminal
from portal.errors import Invalid
from portal.identity.invitations import LASTS, LONGEST
from portal.record.change import Intention, create
from portal.settings import Settings, load_settings

app = typer.Typer(help="Begin customers' records, and invite them to log in.", no_args_is_help=True)
app.command("import")(import_customers)


@app.callback()
def group() -> None:
    """Begin customers' records, and invite them to log in."""


@app.command("create")
def create_customer(
    number: Annotated[str, typer.Argument(help="The customer number, as the CRM and the identity provider know it.")],
    given_name: Annotated[str, typer.Option(help="First name.")],
    family_name: Annotated[str, typer.Option(help="Last name.")],
) -> None:
    """Begin the record of a customer."""
    values: dict[str, Value] = {"profile/given_name": given_name, "profile/family_name": family_name}
    operator = Actor(ActorKind.OPERATOR, "cli", "cli")

    async def main() -> None:
        async with records(load_settings()) as store:
            stored = await create(store, number, Intention("customer:created", operator, clock.uuid7()), values)
            terminal().print(f"{stored.record.name}, customer {number}, has a record now.")

    run(main())


@app.command("invite")
def invite_customers(
    number: Annotated[str | None, typer.Argument(help="The customer number.", show_default=False)] = None,
    file: Annotated[
        Path | None, typer.Option("--from", help="Invite many: a CSV file with a column customer_number.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="With --from: where to write what became of each row. Run again to go on.")
    ] = None,
    mail: Annotated[bool, typer.Option("--mail", help="Send the code to the first e-mail address.")] = False,
    days: Annotated[int, typer.Option(min=1, max=LONGEST.days, help="How long an invitation is good.")] = LASTS.days,
    linked: Annotated[bool, typer.Option("--linked", help="Also those who have a login already.")] = False,
) -> None:
    """Invite customers to connect an account of theirs with their record."""
    if (number is None) == (file is None) or (file is None) != (report is None):
        raise Invalid("Give a customer number, or --from with a file and --report with a name for the report.")
    settings = load_settings()
    if mail and not settings.smtp_host:
        raise Invalid("No mail can be sent: SMTP_HOST and MAIL_FROM are not set.")
    wish = Wish(settings.origin, timedelta(days=days), mail, linked)
    if number is not None:
        _tell(run(_invite_one(settings, number, wish)))
        return
    assert file is not None and report is not None
    done = run(_invite_all(settings, numbers_in(file), wish, report))
    console = terminal()
    earlier = f"; {done.before} had been before" if done.before else ""
    console.print(f"{done.invited} invited, {done.refused} not{earlier}. {report} says what became of each.")
    if done.unknown:
        console.print(f"Of {done.unknown} there is no record. Where an import left them out, its report says why:")
        console.print(f"  portal customer import {file} --dry-run --report left-out.csv", soft_wrap=True)
    if done.refused:
        raise typer.Exit(1)


async def _invite_one(settings: Settings, number: str, wish: Wish) -> Result:
    async with records(settings) as store:
        return await invite_one(store, number, wish)


async def _invite_all(settings: Settings, numbers: list[str], wish: Wish, path: Path) -> Outcome:
    bar = progress()
    async with records(settings) as store:
        report = Report.open(path)
        try:
            with bar:
                task = bar.add_task("Inviting", total=len(numbers))
                return await invite_all(store, numbers, wish, report, lambda done: bar.advance(task, done))
        finally:
            report.close()


def _tell(result: Result) -> None:
    """What somebody needs who writes a letter."""
    console = terminal()
    if not result.done:
        raise Invalid(f"Customer {result.customer_number} is not invited: {result.problem}.")
    if result.result == "mailed":
        console.print(f"Mailed to customer {result.customer_number}; good once, until {result.expires_at}.")
        return
    console.print(f"Customer {result.customer_number}; good once, until {result.expires_at}.")
    console.print(f"Code: {result.code}")
    console.print(f"Link: {result.link}")
