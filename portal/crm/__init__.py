"""CRM products, one connector each. A new one is a folder of its own and a line here."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from portal.catalogue.model import Catalogue
from portal.crm import embedded, hubspot, odoo, salesforce, tryton, webhook
from portal.crm.port import Connector
from portal.crm.setup import Closing, Kind, Setup, check
from portal.db.database import Database
from portal.settings import Settings
from portal.settings.connectors import ConnectorSettings

KINDS: Mapping[str, Kind] = {
    "embedded": Kind(embedded.connect),
    "webhook": webhook.KIND,
    "hubspot": hubspot.KIND,
    "salesforce": salesforce.KIND,
    "odoo": odoo.KIND,
    "tryton": tryton.KIND,
}
"""What makes a connector, by the KIND of its settings."""

ALONE: Mapping[str, ConnectorSettings] = {"embedded": ConnectorSettings(kind="embedded")}
"""Where no CRM is named, the built-in one is it."""


def configured(settings: Settings) -> Mapping[str, ConnectorSettings]:
    """The CRMs by name."""
    return settings.crm or ALONE


def connect(name: str, settings: Settings, catalogue: Catalogue, database: Database) -> Connector:
    """The connector to one configured CRM.

    Raises:
        SettingsError: its settings are not enough, or there is no such CRM or kind; the message names the setting.
    """
    one = configured(settings)[name]
    key = hmac.new(settings.key_encryption_bytes, f"portal crm fingerprint {name}".encode(), hashlib.sha256).digest()
    setup = Setup(name, one, catalogue, database, settings.origin, key)
    kind = KINDS.get(one.kind)
    if kind is None:
        raise setup.mistake("kind", f"there is no kind {one.kind!r}; there are {', '.join(KINDS)}")
    check(setup, kind)
    return kind.connect(setup)


def connect_all(settings: Settings, catalogue: Catalogue, database: Database) -> dict[str, Connector]:
    """The connectors to all configured CRMs, by name. `database` is as the worker sees it.

    Raises:
        SettingsError: the message names the setting.
    """
    return {name: connect(name, settings, catalogue, database) for name in configured(settings)}


@asynccontextmanager
async def connectors(
    settings: Settings, catalogue: Catalogue, database: Database
) -> AsyncIterator[dict[str, Connector]]:
    """The same for the length of an `async with` block, which gives their connections back."""
    made = connect_all(settings, catalogue, database)
    try:
        yield made
    finally:
        for connector in made.values():
            if isinstance(connector, Closing):
                await connector.aclose()
