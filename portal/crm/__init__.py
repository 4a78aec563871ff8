"""CRM products, one connector each. A new one is a folder of its own and a line here."""

from collections.abc import Callable, Mapping

from portal.crm import embedded
from portal.crm.port import Connector
from portal.db.database import Database
from portal.settings import Settings

CONNECTORS: Mapping[str, Callable[[Settings, Database], Connector]] = {
    "embedded": embedded.connect,
}
"""What makes a connector, by the name that stands in sync_state and in the catalogue's `crm.<name>`. The database is
the worker's."""
