"""The built-in CRM: schema `crm` of the same database, so that the whole product works with nothing else installed.

To the engine it is a connector like any other, two-way; to agents it is what the desk shows.
"""

from portal.crm.embedded.connector import EmbeddedCrm
from portal.db.database import Database
from portal.settings import Settings

__all__ = ["EmbeddedCrm", "connect"]


def connect(_settings: Settings, database: Database) -> EmbeddedCrm:
    """The connector to the built-in CRM; it needs no settings of its own."""
    return EmbeddedCrm(database)
