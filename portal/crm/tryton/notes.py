"""The timeline of a party: notes (`ir.note`), each found again by the id of its change record."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from portal.crm.comparing import Story, Untold, told
from portal.crm.port import Ambiguous, Reject, Retry, TimelineEntry
from portal.crm.tryton.rpc import Refused, Rpc

NOTE = "ir.note"
ENTRY = "portal_entry"


async def write_notes(rpc: Rpc, stories: Sequence[Story]) -> Untold:
    """Write those notes that are not there yet, in one call; where one is refused, in a call for each party. Gives why
    one was refused, by the party.

    Raises:
        CallFailed: some may not be there.
    """
    missing = await _missing(rpc, stories)
    try:
        await _create(rpc, [note for notes in missing.values() for note in notes])
    except Refused as refusal:
        if isinstance(refusal.outcome, Retry):
            raise
        return {party: why for party, notes in missing.items() if (why := await _refused(rpc, notes))}
    return {}


async def _missing(rpc: Rpc, stories: Sequence[Story]) -> dict[str, list[dict[str, Any]]]:
    """The notes that are not there, by their parties."""
    # Only an administrator may look for notes without saying what they are about.
    about = ["resource", "in", [_resource(story.remote_id) for story in stories]]
    ids = [entry.id for story in stories for entry in story.entries]
    found = await rpc.call(f"{NOTE}.search_read", [about, [ENTRY, "in", ids]], 0, None, None, [ENTRY], {})
    known = {row[ENTRY] for row in found}
    missing = {
        story.remote_id: [_note(story.remote_id, entry) for entry in story.entries if entry.id not in known]
        for story in stories
    }
    return {party: notes for party, notes in missing.items() if notes}


async def _create(rpc: Rpc, notes: Sequence[dict[str, Any]]) -> None:
    if notes:
        await rpc.call(f"{NOTE}.create", notes, {}, writes=True)


async def _refused(rpc: Rpc, notes: Sequence[dict[str, Any]]) -> Retry | Reject | Ambiguous | None:
    try:
        await _create(rpc, notes)
    except Refused as refusal:
        return refusal.outcome
    return None


async def erase_notes(rpc: Rpc, party: int) -> None:
    """Delete all notes about a party."""
    about = ["resource", "=", _resource(str(party))]
    found = await rpc.call(f"{NOTE}.search_read", [about], 0, None, None, ["id"], {})
    if found:
        await rpc.call(f"{NOTE}.delete", [row["id"] for row in found], {}, writes=True)


def _note(party: str, entry: TimelineEntry) -> dict[str, Any]:
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return {"resource": _resource(party), "message": f"{at}\n{told(entry)}", ENTRY: entry.id}


def _resource(party: str) -> str:
    return f"party.party,{party}"
