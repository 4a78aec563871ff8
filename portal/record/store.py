"""What reading and changing records needs, in one hand."""

from dataclasses import dataclass

from portal.audit.cipher import KeyRing
from portal.catalogue.model import Catalogue
from portal.db.database import Database


@dataclass(frozen=True, slots=True)
class RecordStore:
    """Records as one database role sees them. `origin` names the change log in every entry."""

    database: Database
    keys: KeyRing
    catalogue: Catalogue
    origin: str
