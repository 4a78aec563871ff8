"""A session that goes on under another token, because it can do more than before.

It stays the same row, with the same id: whoever ends it at this moment, by whatever it is known, ends it under its new
token, too; and one that has ended is not there to go on.
"""

from typing import Any

from starlette.requests import HTTPConnection

from portal.identity import tokens
from portal.identity.lifecycle import Proof, Who, session_times, user_agent
from portal.identity.session import Audience, shown_token
from portal.services import services

HINT = "SELECT id_token FROM portal.session WHERE token_hash = %s AND expires_at > clock_timestamp()"

RENEW = """
UPDATE portal.session SET token_hash = %(token_hash)s, id_token = %(id_token)s, form_hash = %(form_hash)s
WHERE token_hash = %(before)s AND expires_at > clock_timestamp() RETURNING id
"""

PROVED = """
UPDATE portal.session SET token_hash = %(token_hash)s, id_token = %(id_token)s, form_hash = %(form_hash)s,
    authenticated_at = %(authenticated_at)s, acr = %(acr)s, sid = %(sid)s, name = %(name)s, user_agent = %(user_agent)s,
    created_at = clock_timestamp(), seen_at = clock_timestamp(),
    expires_at = clock_timestamp() + %(lasts)s, idle = %(idle)s
WHERE token_hash = %(before)s AND expires_at > clock_timestamp() RETURNING id
"""


async def renew(request: HTTPConnection, audience: Audience) -> str | None:
    """Give the session that the browser shows another token, and return it.

    Neither who it is for nor when it ends becomes another. None if it has ended meanwhile.
    """
    before = shown_token(request, audience)
    if before is None:
        return None
    row = await services(request).staff.database.fetch_one(HINT, [tokens.digest(before)])
    if row is None:
        return None
    id_token = tokens.unseal(before, bytes(row["id_token"])) if row["id_token"] else None
    return await _go_on(request, RENEW, before, id_token, {})


async def prove(request: HTTPConnection, who: Who, proof: Proof) -> str | None:
    """The same for a session whose person has shown once more who they are: it begins anew, as theirs. None if it has
    ended meanwhile."""
    before = shown_token(request, who.audience)
    if before is None:
        return None
    lasts, idle = session_times(services(request).settings, who.audience)
    proved = {
        "authenticated_at": proof.authenticated_at,
        "acr": proof.acr,
        "sid": proof.sid,
        "name": who.name,
        "user_agent": user_agent(request),
        "lasts": lasts,
        "idle": idle,
    }
    return await _go_on(request, PROVED, before, proof.id_token, proved)


async def _go_on(
    request: HTTPConnection, statement: str, before: str, id_token: str | None, more: dict[str, Any]
) -> str | None:
    token = tokens.new()
    values = {
        "before": tokens.digest(before),
        "token_hash": tokens.digest(token),
        "id_token": tokens.seal(token, id_token) if id_token else None,
        "form_hash": tokens.form_hash(tokens.form_secret(token)),
    }
    row = await services(request).staff.database.fetch_one(statement, values | more)
    return token if row else None
