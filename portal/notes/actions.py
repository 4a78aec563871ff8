"""What a customer tells the company's agents, and takes back."""

from collections.abc import Mapping
from uuid import UUID

from portal import clock
from portal.audit.entry import ActorKind
from portal.audit.values import Value, format_moment
from portal.errors import Invalid, NotFound
from portal.i18n import gettext as _
from portal.i18n import ngettext
from portal.record.change import Intention, Outcome, change
from portal.record.models import Note, NoteKind, Record, attributes
from portal.record.store import RecordStore


async def add_note(store: RecordStore, customer_id: UUID, intention: Intention, body: str, *, limit: int) -> Outcome:
    """Keep a note of the customer's; its id is the intention's, so that it is kept once.

    Raises:
        Invalid: there are as many as are kept.
    """
    id, now = intention.request, format_moment(clock.now())

    def proposal(record: Record) -> Mapping[str, Value]:
        if sum(_own(note) and note.id != id for note in record.notes) >= limit:
            raise Invalid(
                ngettext(
                    "You can keep %(limit)s note. Change or remove one that is no longer needed.",
                    "You can keep %(limit)s notes. Change or remove one that is no longer needed.",
                    limit,
                )
                % {"limit": limit}
            )
        return _paths(
            id,
            kind=NoteKind.NOTE.value,
            body=body,
            author_kind=ActorKind.CUSTOMER.value,
            author=record.name,
            created_at=now,
        )

    return await change(store, customer_id, intention, proposal)


async def change_note(store: RecordStore, customer_id: UUID, intention: Intention, id: UUID, body: str) -> Outcome:
    """Let a note say something else; what it said stays in its revisions.

    Raises:
        NotFound: the customer has no such note of their own.
    """

    def proposal(record: Record) -> Mapping[str, Value]:
        find(record, id)
        return _paths(id, body=body)

    return await change(store, customer_id, intention, proposal)


async def remove_note(store: RecordStore, customer_id: UUID, intention: Intention, id: UUID) -> Outcome:
    """Take a note back. Answers to it are the agents' words, and stay.

    Raises:
        NotFound: the customer has no such note of their own.
    """

    def proposal(record: Record) -> Mapping[str, Value]:
        find(record, id)
        return _paths(id, **dict.fromkeys(attributes(Note)))

    return await change(store, customer_id, intention, proposal)


def find(record: Record, id: UUID) -> Note:
    """The customer's own note with this id.

    Raises:
        NotFound: there is none, or it is somebody else's, which is the same here.
    """
    found = next((note for note in record.notes if note.id == id and _own(note)), None)
    if found is None:
        raise NotFound(_("There is no such note of yours. It may have been removed."))
    return found


def _own(note: Note) -> bool:
    return note.author_kind == ActorKind.CUSTOMER


def _paths(id: UUID, **values: Value) -> dict[str, Value]:
    return {f"notes/{id}/{name}": value for name, value in values.items()}
