"""The catalogue: the operator's one file that says which fields a record has, who may see and change each, who wins a
conflict, and what each CRM calls it."""

from portal.catalogue.load import CatalogueError, load
from portal.catalogue.model import (
    AgentAccess,
    Catalogue,
    Channel,
    CustomerAccess,
    Field,
    Kind,
    LawfulBasis,
    Notice,
    Owner,
    Purpose,
    Section,
)

__all__ = [
    "AgentAccess",
    "Catalogue",
    "CatalogueError",
    "Channel",
    "CustomerAccess",
    "Field",
    "Kind",
    "LawfulBasis",
    "Notice",
    "Owner",
    "Purpose",
    "Section",
    "load",
]
