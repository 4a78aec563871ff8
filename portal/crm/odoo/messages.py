"""The timeline of an Odoo partner: its log, each message found again by the id of its change record.

`mail.message` (addons/mail/models/mail_message.py): `message_id` is kept where it is given, and indexed; `body` is
HTML; an internal message without a subtype is a note in the log that nobody is sent. They are imported by an external
id, so that a call that lands late makes no second one: with the context `mode=update` and `noupdate`, an import leaves
alone what it has made before (`_load_records` in odoo/orm/models.py).
"""

from collections.abc import Sequence
from datetime import UTC
from html import escape

from portal.crm.comparing import Story, Untold, told
from portal.crm.odoo.api import MODULE, PARTNER
from portal.crm.odoo.load import load
from portal.crm.odoo.rpc import Rpc, unclear
from portal.crm.port import Ambiguous, Reject, Retry, TimelineEntry

MESSAGE = "mail.message"
ONCE = {"lang": "en_US", "tz": "UTC", "mode": "update", "noupdate": True}


async def write_messages(rpc: Rpc, stories: Sequence[Story]) -> Untold:
    """Write those messages that are not there yet, in one call; where some are refused, in another one for those
    partners of whom none was. Gives why one was refused, by the partner.

    Raises:
        CallFailed: some may not be there.
    """
    wanted = {message_id(entry): (story.remote_id, entry) for story in stories for entry in story.entries}
    found = await rpc.call(MESSAGE, "search_read", domain=[["message_id", "in", list(wanted)]], fields=["message_id"])
    if not isinstance(found, list):
        raise unclear(None, writes=False)
    known = {str(row.get("message_id")) for row in found if isinstance(row, dict)}
    missing = [whose for id, whose in wanted.items() if id not in known]
    untold: dict[str, Retry | Reject | Ambiguous] = {}
    while left := [(partner, entry) for partner, entry in missing if partner not in untold]:
        _ids, wrong = await load(rpc, MESSAGE, [_message(*whose) for whose in left], ONCE)
        if not wrong:
            break
        untold |= {left[place][0]: Reject(why) for place, why in wrong.items()}
    return untold


def message_id(entry: TimelineEntry) -> str:
    """As mail calls its messages."""
    return f"<{entry.id.replace('/', '.')}@customer-portal>"


def _message(partner: str, entry: TimelineEntry) -> dict[str, str]:
    body = escape(told(entry), quote=False).replace("\n", "<br>")
    return {
        "id": f"{MODULE}.entry_{entry.id.replace('-', '').replace('/', '_')}",
        "model": PARTNER,
        "res_id": partner,
        "message_id": message_id(entry),
        "message_type": "comment",
        "is_internal": "1",
        "body": f"<p>{body}</p>",
        "date": entry.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
    }
