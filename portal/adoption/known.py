"""Which customers there are already, for a page of people: two statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from portal.adoption.person import Person
from portal.db.database import Database

LOOKUP = Path(__file__).with_name("known.sql").read_text(encoding="utf-8")
MAILBOXES = """
    SELECT lower(p.value COLLATE "C") AS mailbox, array_agg(DISTINCT c.number) AS numbers
    FROM portal.contact_point p JOIN portal.customer c ON c.id = p.customer_id
    WHERE p.system = 'email' AND lower(p.value COLLATE "C") = ANY(%s) GROUP BY 1"""


@dataclass(frozen=True, slots=True)
class Known:
    """A customer who is there.

    Attributes:
        created_at, first_request: when the record began, and with which request.
        remote_id: the contact that is theirs; None if none is.
        erased: whether any CRM is to have nothing of them any more.
        as_usual: whether the CRM is to have the record without more; `set_aside`: whether a person has given up what it
            is to have of them, and nothing has happened since.
        said: the keys of the profile's fields that ever had a value.
        touched: whether anybody but a system has ever changed the record; `moved`, its contact points.
    """

    id: UUID
    number: str
    created_at: datetime
    first_request: UUID
    remote_id: str | None
    erased: bool
    as_usual: bool
    set_aside: bool
    said: frozenset[str]
    touched: bool
    moved: bool


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Whom a page of people may be, or may be mistaken for."""

    by_number: Mapping[str, Known]
    by_id: Mapping[UUID, Known]
    by_contact: Mapping[str, Known]
    by_mailbox: Mapping[str, Sequence[str]]


async def neighbours(database: Database, connector: str | None, people: Sequence[Person]) -> Neighbours:
    """Whom the portal knows of these people: by number, by what their contact says, by whose contact the sync takes it
    for, and by e-mail address."""
    numbers = [one.number for one in people if one.number]
    ids = [one.customer_id for one in people if one.customer_id]
    asked = {"connector": connector, "numbers": numbers, "ids": ids, "contacts": [one.where for one in people]}
    rows = await database.fetch_all(LOOKUP, asked, retry=True)
    known = [Known(**row | {"said": frozenset(row["said"])}) for row in rows]
    mailboxes = sorted({mailbox for one in people for mailbox in one.mailboxes})
    owned = await database.fetch_all(MAILBOXES, [mailboxes], retry=True) if mailboxes else []
    return Neighbours(
        {one.number: one for one in known},
        {one.id: one for one in known},
        {one.remote_id: one for one in known if one.remote_id},
        {row["mailbox"]: sorted(row["numbers"]) for row in owned},
    )
