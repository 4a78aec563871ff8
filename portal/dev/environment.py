"""The settings of the demo, as the environment of the processes that make it up."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from portal.dev.logins import CUSTOMERS_CLIENT, STAFF_CLIENT

# What somebody may want to try out in the demo keeps the value that they gave it.
DEFAULTS = {
    "BRAND_NAME": "Northwind Energy",
    "DEFAULT_TIME_ZONE": "Europe/London",
    # One object a line, so that the supervisor can tell errors from the rest.
    "LOG_FORMAT": "json",
    "CUSTOMER_OIDC__DEMO__CLIENT_ID": CUSTOMERS_CLIENT,
    "CUSTOMER_OIDC__DEMO__LABEL": "Northwind login",
    "CUSTOMER_OIDC__DEMO__LABEL_DE": "Northwind-Konto",
    "CUSTOMER_OIDC__DEMO__NUMBER_CLAIM": "customer_number",
    "STAFF_OIDC__DEMO__CLIENT_ID": STAFF_CLIENT,
    "STAFF_OIDC__DEMO__LABEL": "Northwind staff login",
    "STAFF_OIDC__DEMO__LABEL_DE": "Northwind-Mitarbeiterkonto",
    "STAFF_OIDC__DEMO__ROLES_CLAIM": "roles",
    "STAFF_OIDC__DEMO__ROLES": "agent=agent,auditor=auditor,operator=operator",
}


def mail_settings(port: int, folder: Path) -> dict[str, str]:
    """Mail goes to the demo's own mailbox, unless somebody wants to try out a server of theirs."""
    if _given("SMTP_HOST"):
        return {}
    return {
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(port),
        "SMTP_TLS": "none",
        "MAIL_FROM": "service@northwind.example",
        "DEMO_MAILBOX": str(folder),
    }


def demo_settings(
    *,
    public_url: str,
    issuer: str,
    database_url: str,
    secret_files: Mapping[str, str],
    mail: Mapping[str, str],
    crm: Mapping[str, str],
) -> dict[str, str]:
    """What the environment must hold beside what it holds already."""
    defaults = {
        **DEFAULTS,
        "CUSTOMER_OIDC__DEMO__ISSUER": issuer,
        "STAFF_OIDC__DEMO__ISSUER": issuer,
        **secret_files,
    }
    return {
        **{name: value for name, value in defaults.items() if not _given(name)},
        **mail,
        **{name: value for name, value in crm.items() if name != "CATALOGUE" or not _given(name)},
        "ENVIRONMENT": "development",
        "PUBLIC_URL": public_url,
        "DATABASE_URL": database_url,
        # Kept when the port changes: it names the change log, and stands in each of its entries.
        "LOG_ORIGIN": "northwind.demo",
    }


def _given(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(name.removesuffix("_FILE")))


def write_for_shell(path: Path, settings: Mapping[str, str]) -> None:
    """A file that lets the other commands reach the running demo from a second terminal."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(settings.items())]
    # Others may not read it: it leads into the demo, and a DATABASE_URL that was given can say `?password=`.
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text("\n".join(["# Read it in with: . " + path.name, *lines, ""]), encoding="utf-8")
