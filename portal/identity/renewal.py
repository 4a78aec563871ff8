"""A session that goes on under another token, because it can do more than before."""

from starlette.requests import HTTPConnection

from portal import clock
from portal.identity import tokens
from portal.identity.session import Audience, shown_token
from portal.services import services

HINT = "SELECT id_token FROM portal.session WHERE token_hash = %s AND expires_at > clock_timestamp()"

RENEW = """
WITH old AS (DELETE FROM portal.session WHERE token_hash = %(before)s RETURNING *)
INSERT INTO portal.session (
    token_hash, id, audience, customer_id, staff_id, login_id, roles, name, language, provider, id_token,
    authenticated_at, acr, sid, form_hash, user_agent, created_at, expires_at, idle)
SELECT %(token_hash)s, %(id)s, audience, customer_id, staff_id, login_id, roles, name, language, provider, %(id_token)s,
    authenticated_at, acr, sid, %(form_hash)s, user_agent, created_at, expires_at, idle
FROM old RETURNING id
"""


async def renew(request: HTTPConnection, audience: Audience) -> str | None:
    """Put a session with another token in the place of the one that the browser shows; gives the token.

    Neither who it is for nor when it ends becomes another. None if it has ended meanwhile.
    """
    database, before = services(request).staff.database, shown_token(request, audience)
    if before is None:
        return None
    row = await database.fetch_one(HINT, [tokens.digest(before)])
    if row is None:
        return None
    token = tokens.new()
    id_token = tokens.unseal(before, bytes(row["id_token"])) if row["id_token"] else None
    renewed = await database.fetch_one(
        RENEW,
        {
            "before": tokens.digest(before),
            "token_hash": tokens.digest(token),
            "id": clock.uuid7(),
            "id_token": tokens.seal(token, id_token) if id_token else None,
            "form_hash": tokens.form_hash(tokens.form_secret(token)),
        },
    )
    return token if renewed else None
