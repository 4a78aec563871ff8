"""What a CRM can be asked about itself, by an operator: its fields, and the contacts that it has already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from uuid import UUID

from portal.audit.values import Value
from portal.catalogue.model import CrmType
from portal.crm.port import Cursor, Outcome, Remote
from portal.crm.written import Writing


@dataclass(frozen=True, slots=True)
class RemoteField:
    """A field of the CRM's contacts.

    Attributes:
        kind: what the CRM calls its type.
        accepts: how values can be written into it; empty is in any way.
        options: the values it takes; empty is any.
        unique: no two contacts have the same value there.
    """

    name: str
    kind: str
    accepts: frozenset[CrmType] = frozenset()
    writable: bool = True
    options: frozenset[str] = frozenset()
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Needed:
    """A field that a connector keeps what is the portal's own in: which customer it is, which version of the record."""

    name: str
    unique: bool = False


@runtime_checkable
class Describing(Protocol):
    """A connector that can say which fields the CRM has."""

    async def describe(self) -> Sequence[RemoteField]:
        """The fields of the CRM's contacts."""

    def needed(self) -> Sequence[Needed]:
        """The fields that the portal needs besides those of the catalogue."""

    def written(self) -> Sequence[Writing]:
        """The fields that the catalogue names, and how each is written."""


@dataclass(frozen=True, slots=True)
class Existing:
    """A contact as the CRM has it, for whoever finds out which customer it is.

    Attributes:
        remote: what the sync would be told of it.
        number: the customer number that it has.
        state: what its fingerprint is made of.
    """

    remote: Remote
    number: str | None
    name: str
    state: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """A contact and whose it is. `seq` is the version of the record that says what the contact says; 0 if nobody has
    compared them yet: then it is read before it is written."""

    contact: Existing
    customer_id: UUID
    seq: int = 0


@runtime_checkable
class Linking(Protocol):
    """A connector that can tie contacts to customers."""

    async def link(self, links: Sequence[Link]) -> Sequence[Outcome]:
        """Tie contacts to customers, in one call where the CRM has one for it: from now on pushes go to them. As many
        as `batch_max` at a time; doing it twice does no harm."""


@runtime_checkable
class Browsing(Linking, Protocol):
    """A connector that can go through all contacts of a CRM, too."""

    async def browse(self, cursor: Cursor | None, size: int) -> tuple[Sequence[Existing], Cursor | None]:
        """The next contacts after a cursor (None is the beginning), and the next cursor; None is the end.

        Raises:
            CallFailed: with Retry or Reject.
        """


@dataclass(frozen=True, slots=True)
class Finding:
    """What was compared, and what is wrong with it; None where nothing is."""

    name: str
    there: str
    problem: str | None = None


def compare(connector: Describing, there: Sequence[RemoteField]) -> list[Finding]:
    """What the portal writes, against what the CRM says it has."""
    by_name = {found.name: found for found in there}
    needed = [_needed(need, by_name.get(need.name)) for need in connector.needed()]
    return [*needed, *(_mapped(writing, by_name.get(writing.name)) for writing in connector.written())]


def _needed(need: Needed, found: RemoteField | None) -> Finding:
    if found is None:
        return Finding(need.name, "", "is missing: the portal needs it")
    if need.unique and not found.unique:
        return Finding(need.name, found.kind, "must be unique: the portal finds contacts by it")
    return Finding(need.name, found.kind, None if found.writable else "cannot be written")


def _mapped(writing: Writing, found: RemoteField | None) -> Finding:
    written = writing.boolean if writing.is_flag else writing.type
    words = {writing.values.get(value, value) for value in writing.order}
    if found is None:
        kind = f"{written}: {', '.join(sorted(words))}" if words else written
        return Finding(writing.name, "", f"is missing; it would be written as {kind}")
    if not found.writable:
        return Finding(writing.name, found.kind, "cannot be written")
    if found.accepts and written not in found.accepts:
        accepts = ", ".join(sorted(found.accepts))
        return Finding(writing.name, found.kind, f"is written as {written}, and takes {accepts}")
    if found.options and (missing := sorted(words - found.options)):
        return Finding(writing.name, found.kind, f"does not know {', '.join(missing)}")
    return Finding(writing.name, found.kind)
