"""What an agent does that is the portal's own: answers to notes. Corrections are made in the CRM, and come by pull."""

from collections.abc import Mapping
from uuid import UUID

from portal import clock
from portal.audit.entry import ActorKind
from portal.audit.values import Value, format_moment
from portal.errors import NotFound
from portal.i18n import gettext as _
from portal.record.change import Intention, Outcome, change
from portal.record.models import NoteKind, Record
from portal.record.store import RecordStore


async def answer_note(
    store: RecordStore, customer_id: UUID, intention: Intention, about: UUID, body: str, author: str
) -> Outcome:
    """Answer a note. The same request answers once, however often it is sent.

    Raises:
        NotFound: there is no such record, or no such note in it.
    """
    prefix = f"notes/{clock.uuid7()}"
    now = format_moment(clock.now())

    def proposal(record: Record) -> Mapping[str, Value]:
        if not any(note.id == about and note.kind is NoteKind.NOTE for note in record.notes):
            raise NotFound(_("There is no such note. The customer may have removed it."))
        return {
            f"{prefix}/kind": NoteKind.ANSWER.value,
            f"{prefix}/about": str(about),
            f"{prefix}/body": body,
            f"{prefix}/author_kind": ActorKind.AGENT.value,
            f"{prefix}/author": author,
            f"{prefix}/created_at": now,
        }

    return await change(store, customer_id, intention, proposal)
