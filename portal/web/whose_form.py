"""Whose page a form comes from, also when their session has ended: its token is made from a secret of the session, and
the hash of that stays known for a day."""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from portal.identity import tokens
from portal.identity.session import Audience, Session
from portal.services import services
from portal.web import form_token
from portal.web.form_data import TOKEN, posted

OWNER = """
SELECT coalesce(customer_id, staff_id) AS id FROM portal.session WHERE form_hash = %(hash)s AND audience = %(audience)s
UNION ALL
SELECT whose FROM portal.ended_session
WHERE form_hash = %(hash)s AND audience = %(audience)s AND ended_at > clock_timestamp() - interval '1 day'
LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Whose:
    """The person to whom a form belongs: the id is a customer's, or that of one of the staff."""

    audience: Audience
    id: UUID


def whose(session: Session) -> Whose:
    """The person of a session."""
    id = session.customer_id or session.staff_id
    assert id is not None
    return Whose(session.audience, id)


async def whose_form(request: Request, audience: Audience) -> Whose | None:
    """Whose page the form comes from that was posted, also if their session ended, for a day; None if nobody's."""
    secret = form_token.unmask(str((await posted(request)).get(TOKEN, "")))
    if not secret:
        return None
    wanted = {"hash": tokens.form_hash(secret), "audience": audience.value}
    row = await services(request).staff.database.fetch_one(OWNER, wanted, retry=True)
    return None if row is None else Whose(audience, row["id"])
