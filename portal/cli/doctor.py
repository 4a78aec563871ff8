"""`portal doctor`: what is configured, what of it works, and what to do about the rest."""

from collections.abc import Callable, Iterator

import psycopg
import typer

from portal.catalogue import CatalogueError, load
from portal.cli.broken_flood import look_for_floods
from portal.cli.context import run
from portal.cli.crm_checks import ask_crms
from portal.cli.finding import Finding
from portal.cli.mail_check import ask_mail
from portal.cli.orphaned_sessions import look_for_orphans
from portal.cli.provider_checks import ask_providers
from portal.cli.terminal import terminal
from portal.db.database import Role, database_url
from portal.db.migrations import head
from portal.db.roles import excess_powers
from portal.paths import resource
from portal.settings import Settings, SettingsError, load_settings
from portal.web.client_address import parse_networks


def doctor() -> None:
    """Check configuration, catalogue, CRMs, database, roles, identity providers and mail, and say what to fix."""
    console = terminal()
    try:
        settings = load_settings()
    except SettingsError as error:
        console.print("✗ settings", style="red")
        console.print(f"  {error}")
        raise typer.Exit(1) from None
    findings = [finding for check in CHECKS for finding in check(settings)]
    for finding in findings:
        mark, style = ("✗", "red") if finding.wrong else ("!", "yellow") if finding.advice else ("✓", "green")
        console.print(f"{mark} {finding.what}", style=style)
        if finding.advice:
            console.print(f"  {finding.advice}")
    if any(finding.wrong for finding in findings):
        raise typer.Exit(1)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding(f"settings: {settings.environment}, {settings.public_url}")


def _proxies(settings: Settings) -> Iterator[Finding]:
    try:
        networks = parse_networks(settings.trusted_proxies)
    except SettingsError as error:
        yield Finding("proxies", str(error))
        return
    if any(network.prefixlen == 0 for network in networks):
        yield Finding(
            "proxies",
            "TRUSTED_PROXIES names every address there is. Then clients say themselves where they come from, and no "
            "limit holds for them: name the proxies alone.",
        )
    elif settings.origin.startswith("https://") and not networks:
        yield Finding(
            "proxies",
            "PUBLIC_URL is https, so something in front of the portal ends TLS, and TRUSTED_PROXIES names nothing. "
            "Unless it passes on connections as they are, all clients have its address: they are limited together, "
            "and change records note the proxy's. Name it.",
            needed=False,
        )
    else:
        yield Finding(f"proxies: {', '.join(map(str, networks)) or 'none'}")


def _catalogue(settings: Settings) -> Iterator[Finding]:
    path = settings.catalogue or resource("catalogue.toml")
    try:
        catalogue = load(path)
    except CatalogueError as error:
        yield Finding(f"catalogue {path}", str(error))
        return
    yield Finding(f"catalogue {path}: {len(catalogue.fields)} fields, {len(catalogue.purposes)} purposes")


def _database(settings: Settings) -> Iterator[Finding]:
    for role in (Role.CUSTOMER, Role.STAFF, Role.WORKER):
        url = database_url(settings, role)
        name = f"database as {role.user} at {url.host or url.query.get('host', 'local socket')}"
        try:
            with psycopg.connect(
                url.set(drivername="postgresql").render_as_string(hide_password=False),
                connect_timeout=3,
                autocommit=True,
            ) as connection:
                yield from _server(connection, name)
        except psycopg.OperationalError as error:
            yield Finding(
                name,
                f"{str(error).strip()} Check DATABASE_URL and DATABASE_{role.value.upper()}_PASSWORD, or run "
                "`portal database init`.",
            )


def _server(connection: psycopg.Connection[tuple[object, ...]], name: str) -> Iterator[Finding]:
    if connection.info.server_version < 150000:
        yield Finding(name, "PostgreSQL 15 or newer is needed.")
        return
    powers = excess_powers(connection)
    if powers:
        yield Finding(
            name, f"{'; '.join(powers)}. The portal does not run with such power: use `portal database init`."
        )
        return
    try:
        row = connection.execute("SELECT version_num FROM portal.alembic_version").fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        row = None
    at = row[0] if row else "nothing"
    wrong = None if at == head() else f"The schema is at {at}, this version needs {head()}: run `portal migrate`."
    yield Finding(f"{name}: no power too many, schema at {at}", wrong)


def _providers(settings: Settings) -> Iterator[Finding]:
    yield from run(ask_providers(settings))


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _settings,
    _proxies,
    _catalogue,
    ask_crms,
    _database,
    look_for_floods,
    _providers,
    look_for_orphans,
    ask_mail,
)
