"""`portal doctor`: what is configured, what of it works, and what to do about the rest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx2
import psycopg
import typer
from rich.console import Console

from portal.catalogue import CatalogueError, load
from portal.db.database import Role, database_url
from portal.db.migrations import head
from portal.db.roles import excess_powers
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
    for audience, issuer in (("customer", settings.customer_oidc_issuer), ("staff", settings.staff_oidc_issuer)):
        name = f"{audience} identity provider {issuer or '(none)'}"
        if not issuer:
            yield Finding(
                name, f"Nobody can log in: set {audience.upper()}_OIDC_ISSUER and {audience.upper()}_OIDC_CLIENT_ID."
            )
            continue
        yield Finding(name, _discovery_problem(issuer))
    if not settings.staff_oidc_roles:
        yield Finding(
            "roles of staff", "No claim gives a role: set STAFF_OIDC_ROLES, such as crm-agents=agent,audit=auditor."
        )


def _discovery_problem(issuer: str) -> str | None:
    url = issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        found = httpx2.get(url, timeout=5).raise_for_status().json()
        if found.get("issuer") != issuer:
            return f"It calls itself {found.get('issuer')!r}: put exactly this into the setting, or logins are refused."
        if "S256" not in found.get("code_challenge_methods_supported", ["S256"]):
            return "It does not offer PKCE with S256, which the portal always uses."
        keys = httpx2.get(found["jwks_uri"], timeout=5).raise_for_status().json()["keys"]
        return None if keys else "It publishes no signing keys."
    except (httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
        return f"{url} gives no usable answer ({error}). Is the issuer right, and can this machine reach it?"


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (_settings, _catalogue, _database, _providers)
