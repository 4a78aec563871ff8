"""What a customer told us and what was answered, as conversations."""

from typing import NamedTuple

from portal.record.models import Note, Record


class Thread(NamedTuple):
    """A note and its answers, the oldest answer first."""

    note: Note
    answers: tuple[Note, ...]


def threads(record: Record) -> list[Thread]:
    """The newest first. An answer whose note was taken back stands by itself."""
    ids = {note.id for note in record.notes}
    roots = [note for note in record.notes if note.about not in ids]
    return [Thread(note, tuple(a for a in record.notes if a.about == note.id)) for note in reversed(roots)]
