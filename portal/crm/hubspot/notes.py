"""The timeline of a HubSpot contact: notes, each found again by the id of its change record.

https://developers.hubspot.com/docs/api-reference/legacy/crm/activities/notes/batch/upsert-notes and
https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide: both calls can be repeated.
"""

from collections.abc import Sequence
from html import escape
from typing import Any

from portal.audit.values import format_moment
from portal.crm.comparing import Story, Untold, told
from portal.crm.http import Http
from portal.crm.hubspot.api import MOST, failures, properties, written_rows
from portal.crm.port import Ambiguous, Reject, TimelineEntry
from portal.crm.said import Own

NOTES = "/crm/v3/objects/notes"
ASSOCIATE = "/crm/v4/associations/notes/contacts/batch/associate/default"
ENTRY = "portal_entry_id"


async def write_notes(http: Http, stories: Sequence[Story]) -> Untold:
    """Write the notes of some contacts, and associate each with its contact; gives why one was refused, by the contact.

    Raises:
        CallFailed: some may not be there.
    """
    untold: dict[str, Reject | Ambiguous] = {}
    entries = [(story.remote_id, entry) for story in stories for entry in story.entries]
    for start in range(0, len(entries), MOST):
        some = entries[start : start + MOST]
        answer = await http.write("POST", f"{NOTES}/batch/upsert", body={"inputs": [_note(entry) for _, entry in some]})
        notes = {properties(row).get(ENTRY): str(row["id"]) for row in written_rows(answer)}
        refused = {id: Reject(why) for id, why in failures(answer.body).items()}
        untold |= {
            contact: refused.get(entry.id, Ambiguous(Own.NOTE_REFUSED))
            for contact, entry in some
            if entry.id not in notes
        }
        written = [(notes[entry.id], contact) for contact, entry in some if entry.id in notes]
        if written:
            pairs = [{"from": {"id": note}, "to": {"id": contact}} for note, contact in written]
            await http.write("POST", ASSOCIATE, body={"inputs": pairs})
    return untold


def _note(entry: TimelineEntry) -> dict[str, Any]:
    """A note's body is HTML."""
    body = escape(told(entry), quote=False).replace("\n", "<br>")
    values = {ENTRY: entry.id, "hs_timestamp": format_moment(entry.at), "hs_note_body": body}
    return {"id": entry.id, "idProperty": ENTRY, "properties": values, "objectWriteTraceId": entry.id}
