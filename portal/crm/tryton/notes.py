"""The timeline of a party: notes (`ir.note`), each found again by the id of its change record."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from portal.crm.comparing import Story, told
from portal.crm.port import TimelineEntry
from portal.crm.tryton.rpc import Rpc

NOTE = "ir.note"
ENTRY = "portal_entry"


async def write_notes(rpc: Rpc, stories: Sequence[Story]) -> None:
    """Write those notes that are not there yet, in one call: all of them or none.

    Raises:
        CallFailed: some may not be there.
    """
    wanted = {entry.id: _note(story.remote_id, entry) for story in stories for entry in story.entries}
    # Only an administrator may look for notes without saying what they are about.
    about = ["resource", "in", [_resource(story.remote_id) for story in stories]]
    found = await rpc.call(f"{NOTE}.search_read", [about, [ENTRY, "in", list(wanted)]], 0, None, None, [ENTRY], {})
    known = {row[ENTRY] for row in found}
    if missing := [note for id, note in wanted.items() if id not in known]:
        await rpc.call(f"{NOTE}.create", missing, {}, writes=True)


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
