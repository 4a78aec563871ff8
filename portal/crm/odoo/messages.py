"""The timeline of an Odoo partner: its log, each message found again by the id of its change record.

`mail.message` (addons/mail/models/mail_message.py): `message_id` is kept where it is given, and indexed; `body` is
HTML; an internal message without a subtype is a note in the log that nobody is sent.
"""

from collections.abc import Sequence
from datetime import UTC
from html import escape
from typing import Any

from portal.crm.comparing import Story, Untold, told
from portal.crm.odoo.api import PARTNER
from portal.crm.odoo.rpc import Rpc, unclear
from portal.crm.port import TimelineEntry

MESSAGE = "mail.message"


async def write_messages(rpc: Rpc, stories: Sequence[Story]) -> Untold:
    """Write those messages that are not there yet, in one call: all of them or none.

    Raises:
        CallFailed: some may not be there.
    """
    wanted = {message_id(entry): (story.remote_id, entry) for story in stories for entry in story.entries}
    domain = [["message_id", "in", list(wanted)]]
    found = await rpc.call(MESSAGE, "search_read", domain=domain, fields=["message_id"])
    if not isinstance(found, list):
        raise unclear(None, writes=False)
    known = {str(row.get("message_id")) for row in found if isinstance(row, dict)}
    missing = [_message(id, *whose) for id, whose in wanted.items() if id not in known]
    if missing:
        await rpc.call(MESSAGE, "create", vals_list=missing, writes=True)
    return {}


def message_id(entry: TimelineEntry) -> str:
    """As mail calls its messages."""
    return f"<{entry.id.replace('/', '.')}@customer-portal>"


def _message(id: str, contact: str, entry: TimelineEntry) -> dict[str, Any]:
    body = escape(told(entry), quote=False).replace("\n", "<br>")
    return {
        "model": PARTNER,
        "res_id": int(contact),
        "message_id": id,
        "message_type": "comment",
        "is_internal": True,
        "body": f"<p>{body}</p>",
        "date": entry.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
    }
