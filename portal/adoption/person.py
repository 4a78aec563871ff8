"""Somebody whom a source tells of, in the record's words."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from portal.audit.entry import Actor
from portal.audit.values import Value
from portal.crm.inventory import Existing
from portal.mail.kinds import mailbox
from portal.record.models import ConsentStatus, System, Use

QUOTED = 60
"""Characters of a value that are quoted."""


@dataclass(frozen=True, slots=True)
class Address:
    """A contact point, in its normal form."""

    system: System
    value: str
    use: Use


@dataclass(frozen=True, slots=True)
class Said:
    """What was said to contact on a channel for a purpose, as far as the source knows how that is known."""

    status: ConsentStatus
    captured: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Attributes:
    where: the contact's id, or the number of the line.
    number: the customer number; None if there is none.
    profile: the fields that hold something, by path.
    consents: by purpose and channel.
    undated: where an opt_in is said of which nobody knows when it was given: that proves nothing, and is left out.
    wrong: why something of it cannot be taken, by path or column.
    contact: the contact, where the source is a CRM.
    """

    where: str
    number: str | None
    name: str
    profile: Mapping[str, Value]
    addresses: tuple[Address, ...] = ()
    consents: Mapping[tuple[str, str], Said] = field(default_factory=dict)
    undated: frozenset[tuple[str, str]] = frozenset()
    wrong: Mapping[str, str] = field(default_factory=dict)
    contact: Existing | None = None

    @property
    def customer_id(self) -> UUID | None:
        """Whose the contact says that it is."""
        return self.contact.remote.customer_id if self.contact else None

    @property
    def mailboxes(self) -> frozenset[str]:
        """The e-mail addresses, as they are compared."""
        return frozenset(mailbox(one.value) for one in self.addresses if one.system is System.EMAIL)


def complaint(value: object, why: str) -> str:
    """What is wrong with a value, which is quoted as far as somebody needs it to find the place."""
    text = str(value)
    return f"{text if len(text) <= QUOTED else text[:QUOTED] + '…'!r} {why}"


@dataclass(frozen=True, slots=True)
class Page:
    """Some people, and the place after them in the source's own words; None is the end."""

    people: Sequence[Person]
    place: str | None


class Source(Protocol):
    """Where people come from."""

    @property
    def name(self) -> str:
        """What the run is called: `crm:<name>`, or `file:<sha256>`."""

    @property
    def connector(self) -> str | None:
        """The CRM whose contacts they are; None if it is none."""

    @property
    def actor(self) -> Actor:
        """Who makes the change records."""

    @property
    def action(self) -> str:
        """What the change records are called."""

    def pages(self, after: str | None) -> AsyncIterator[Page]:
        """Everybody after a place; None is the beginning."""

    def facts(self, person: Person) -> Mapping[str, str | int]:
        """Where it is known from, for the change record's evidence."""
