"""Where a letter goes: looked up when it is sent, so that the address stands in no job."""

from collections.abc import Mapping
from typing import Any

from portal.audit.entry import Entry
from portal.audit.values import State
from portal.db.database import Database
from portal.jobs.task import Hopeless, Order
from portal.mail.kinds import MailKind, mailbox
from portal.record.flat import flatten
from portal.record.models import System
from portal.record.read import StoredRecord
from portal.record.rebase import unfold

VOUCHED_FOR = """
SELECT login_id::text AS login, verified_email AS email FROM portal.login_account
WHERE customer_id = %s AND verified_email IS NOT NULL ORDER BY login_id
"""
"""What the providers of a customer's logins say of their addresses."""


async def recipient(
    database: Database,
    order: Order,
    kind: MailKind,
    stored: StoredRecord,
    since: list[Entry],
    secret: Mapping[str, str],
) -> str | None:
    """The address for a letter, or None if it is gone, or gets the letter by another job.

    Args:
        since: the change that the letter is about, and those after it, the newest first.

    Raises:
        Hopeless: what is in the letter was meant for the address that its contact point had then, and it has another.
    """
    now = flatten(stored.record)
    then = unfold(now, (diff for entry in since for diff in reversed(entry.diffs)))
    if "point" in order.args:
        path = f"contact_points/{order.args['point']}/value"
        if kind.warns:
            return _text(then.get(path) or now.get(path))
        return _unchanged(_text(now.get(path)), secret["address"])
    if "login" in order.args:
        rows = await database.fetch_all(VOUCHED_FOR, [order.customer_id], retry=True)
        told = {mailbox(address) for address in _contact_points(then)}
        first = {mailbox(row["email"]): row for row in reversed(rows)}
        mine = [row["email"] for row in first.values() if row["login"] == order.args["login"]]
        return next((email for email in mine if mailbox(email) not in told), None)
    return secret.get("address")


def _unchanged(address: str | None, meant: str) -> str | None:
    if address not in (None, meant):
        raise Hopeless("the address was changed after the letter was asked for")
    return address


def _contact_points(state: State) -> list[str]:
    points = [path.split("/")[1] for path, value in state.items() if path.endswith("/system") and value == System.EMAIL]
    found = (_text(state.get(f"contact_points/{point}/value")) for point in points)
    return [address for address in found if address]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
