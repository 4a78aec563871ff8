"""What the desk asks schema crm beside search and card."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.crm.embedded.card import find
from portal.db.database import Database

LATELY = """
SELECT c.id, c.portal_id, c.number, c.name, v.seen_at
FROM crm.view v JOIN crm.contact c ON c.id = v.contact_id
WHERE v.agent_id = %s ORDER BY v.seen_at DESC LIMIT 8
"""

EXISTS = "SELECT coalesce(portal_id, id) AS id FROM crm.contact WHERE id = %(id)s OR portal_id = %(id)s"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a list. `hints` tell people of one name apart; `at` is when this agent opened them."""

    id: UUID
    number: str
    name: str
    hints: tuple[str, ...] = ()
    at: datetime | None = None


async def search(database: Database, query: str, limit: int) -> list[Person]:
    """Who fits a search, best matches first."""
    found = await find(database, query, limit)
    return [Person(f.customer_id or f.contact_id, f.number, f.name, f.hints) for f in found]


async def lately_opened(database: Database, agent: UUID) -> list[Person]:
    """The contacts that an agent opened last, the last one first."""
    rows = await database.fetch_all(LATELY, [agent], retry=True)
    return [Person(row["portal_id"] or row["id"], row["number"], row["name"], at=row["seen_at"]) for row in rows]


async def contact_exists(database: Database, id: UUID) -> UUID | None:
    """Whose contact that is, by its own id or the customer's; its own id if it has no customer; None if unknown."""
    row = await database.fetch_one(EXISTS, {"id": id}, retry=True)
    return None if row is None else row["id"]
