"""What a connector is made from, and what a kind of CRM asks of the settings."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit
from uuid import UUID

from portal.audit.values import Value
from portal.catalogue.model import Catalogue
from portal.crm.port import Connector
from portal.db.database import Database
from portal.settings import SettingsError
from portal.settings.connectors import ConnectorSettings


@dataclass(frozen=True, slots=True)
class Setup:
    """One configured CRM.

    Attributes:
        name: what settings and catalogue call it.
        origin: the portal's own name, for what is sent out in its name.
        database: as the worker sees it; for the built-in CRM alone.
        key: what fingerprints are made with; never leaves the process.
    """

    name: str
    settings: ConnectorSettings
    catalogue: Catalogue
    database: Database
    origin: str
    key: bytes

    @property
    def label(self) -> str:
        """What people see it called."""
        return self.settings.label or self.name.replace("_", " ").capitalize()

    def secret(self, name: str) -> str:
        """A secret setting, by its name in small letters."""
        return str(getattr(self.settings, name).get_secret_value())

    def batch(self, most: int) -> int:
        """How many records go into a call: what the CRM takes, or fewer if the operator says so."""
        return min(most, self.settings.batch or most)

    def mistake(self, setting: str, why: str) -> SettingsError:
        """What is wrong with one of this CRM's settings."""
        return SettingsError(f"CRM__{self.name.upper()}__{setting.upper()}: {why}")

    def fingerprint(self, customer_id: UUID, values: Mapping[str, Value]) -> str:
        """What tells two states of a contact apart, and nothing else: nobody without the key can guess values from it,
        and the same values of another customer have another one."""
        said = json.dumps({name: value for name, value in values.items() if value is not None}, sort_keys=True)
        return hmac.new(self.key, customer_id.bytes + said.encode(), hashlib.sha256).hexdigest()[:16]


@runtime_checkable
class Closing(Protocol):
    """A connector that holds connections."""

    async def aclose(self) -> None:
        """Give them back."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A CRM product: what makes its connector, and which settings it cannot do without."""

    connect: Callable[[Setup], Connector]
    needs: tuple[str, ...] = ()


def check(setup: Setup, kind: Kind) -> None:
    """Whether the settings are enough to begin with.

    Raises:
        SettingsError: the message names the setting.
    """
    for name in kind.needs:
        if not setup.settings.given(name):
            raise setup.mistake(name, f"is missing, and KIND={setup.settings.kind} needs it")
    if "url" in kind.needs:
        url = urlsplit(setup.settings.url)
        if url.scheme not in ("http", "https") or not url.hostname or url.username or url.query or url.fragment:
            raise setup.mistake("url", "must look like https://crm.example.com")
        if url.scheme != "https" and not setup.settings.allow_private:
            raise setup.mistake("url", "must be https; inside a network of your own, set ALLOW_PRIVATE=true")
