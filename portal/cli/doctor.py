"""`portal doctor`: what is configured, what of it works, and what to do about the rest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import typer
from rich.console import Console

from portal.catalogue import CatalogueError, load
from portal.cli.context import run
from portal.db.database import Role, database_url
from portal.db.migrations import head
from portal.db.roles import excess_powers
from portal.identity import keys
from portal.identity.failures import ProviderDown, ProviderMistaken
from portal.identity.oauth import client_authentication
from portal.identity.providers import KnownProvider, Providers
from portal.identity.session import Audience
from portal.paths import resource
from portal.settings import Settings, SettingsError, load_settings


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` was looked at; `advice` is what to do, or None when all is well."""

    what: str
    advice: str | None = None


def doctor() -> None:
    """Check configuration, catalogue, database, roles and identity providers, and say what to fix."""
    console = Console(highlight=False, soft_wrap=True)
    try:
        settings = load_settings()
    except SettingsError as error:
        console.print("✗ settings", style="red")
        console.print(f"  {error}", markup=False)
        raise typer.Exit(1) from None
    findings = [finding for check in CHECKS for finding in check(settings)]
    for finding in findings:
        console.print(
            f"{'✗' if finding.advice else '✓'} {finding.what}", style="red" if finding.advice else "green", markup=False
        )
        if finding.advice:
            console.print(f"  {finding.advice}", markup=False)
    if any(finding.advice for finding in findings):
        raise typer.Exit(1)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding(f"settings: {settings.environment}, {settings.public_url}")


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
    yield from run(_ask_providers(settings))
    for staff_name, staff in settings.staff_oidc.items():
        if not staff.roles:
            prefix = f"STAFF_OIDC__{staff_name.upper()}__"
            advice = f"No claim gives a role: set {prefix}ROLES, such as crm-agents=agent,audit=auditor."
            yield Finding(f"roles of staff at {staff_name}", advice)


async def _ask_providers(settings: Settings) -> list[Finding]:
    """What each provider says of itself, as a login would find it."""
    async with Providers(settings) as known:
        return [finding for audience in Audience for finding in await _audience(known, audience)]


async def _audience(known: Providers, audience: Audience) -> list[Finding]:
    providers = known.of(audience)
    if not providers:
        name = f"{audience.upper()}_OIDC__<NAME>__"
        return [Finding(f"{audience} identity provider", f"Nobody can log in: set {name}ISSUER and {name}CLIENT_ID.")]
    return [await _provider(provider) for provider in providers]


async def _provider(known: KnownProvider) -> Finding:
    name = f"{known.provider.audience} identity provider {known.provider.name}, {known.provider.issuer}"
    try:
        metadata = await known.metadata()
        signing_keys = await keys.fetch(known.http, metadata.jwks_uri)
        client_authentication(known.provider, metadata)
    except ProviderMistaken as error:
        return Finding(name, f"Logins would be refused: {error}.")
    except ProviderDown as error:
        return Finding(name, f"It gives no usable answer: {error}. Is the issuer right, and can this machine reach it?")
    return Finding(f"{name}: {len(signing_keys)} signing keys")


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (_settings, _catalogue, _database, _providers)
