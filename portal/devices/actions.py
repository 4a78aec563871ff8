"""Logging out elsewhere: at once, and on all machines."""

from uuid import UUID

from portal.db.database import Database

# Typed, because one of the two persons is always null.
END = """
DELETE FROM portal.session
WHERE (customer_id = %(customer_id)s::uuid OR staff_id = %(staff_id)s::uuid) AND id = %(id)s
RETURNING id
"""

END_OTHERS = """
DELETE FROM portal.session
WHERE (customer_id = %(customer_id)s::uuid OR staff_id = %(staff_id)s::uuid) AND id <> %(kept)s
RETURNING id
"""


async def end_one(database: Database, id: UUID, *, customer_id: UUID | None, staff_id: UUID | None) -> int:
    """End one of a person's sessions; gives how many ended: none where it had ended already, or is somebody else's."""
    return len(await database.fetch_all(END, {"id": id, "customer_id": customer_id, "staff_id": staff_id}))


async def end_others(database: Database, kept: UUID, *, customer_id: UUID | None, staff_id: UUID | None) -> int:
    """End all of a person's sessions but one; gives how many ended."""
    return len(await database.fetch_all(END_OTHERS, {"kept": kept, "customer_id": customer_id, "staff_id": staff_id}))
