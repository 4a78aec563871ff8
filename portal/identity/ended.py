"""The provider tells us that somebody has logged out there (OpenID Connect Back-Channel Logout 1.0)."""

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from portal.db.database import Database
from portal.errors import PortalError
from portal.identity import arrivals, logout_token, tokens
from portal.identity.addressed import addressed
from portal.identity.failures import LoginFailed, Refused
from portal.identity.logout_token import LogoutToken
from portal.identity.provider import Provider
from portal.services import services
from portal.web.form_data import posted

log = structlog.get_logger(__name__)

# One statement: a token is heard once, and ends sessions only when it is heard. With a sid, that session ends, and with
# the subject beside it those of which the provider never told us a sid; with a subject alone, all of that login's.
# Their ids stay the same, under whatever token they go on meanwhile. Who is asked whether to connect an account has no
# session of it yet: the question is withdrawn.
END = """
WITH forgotten AS (
    DELETE FROM portal.logout_token WHERE expires_at <= clock_timestamp()
), heard AS (
    INSERT INTO portal.logout_token (audience, provider, jti_hash, expires_at)
    VALUES (%(audience)s, %(provider)s, %(jti_hash)s, %(forget_at)s)
    ON CONFLICT DO NOTHING
    RETURNING 1
), whose AS (
    SELECT s.id, s.sid FROM portal.login l JOIN portal.session s ON s.customer_id = l.customer_id
    WHERE l.issuer = %(issuer)s AND l.subject = %(subject)s AND s.login_id = l.id
    UNION ALL
    SELECT s.id, s.sid FROM portal.staff w JOIN portal.session s ON s.staff_id = w.id
    WHERE w.issuer = %(issuer)s AND w.subject = %(subject)s
), meant AS (
    SELECT id FROM whose WHERE %(sid)s::text IS NULL OR sid IS NULL OR sid = %(sid)s
    UNION ALL
    SELECT id FROM portal.session WHERE %(subject)s::text IS NULL AND provider = %(provider)s AND sid = %(sid)s
), ended AS (
    DELETE FROM portal.session s
    WHERE s.id IN (SELECT id FROM meant) AND EXISTS (SELECT FROM heard)
        AND s.audience = %(audience)s AND s.provider = %(provider)s
    RETURNING 1
), turned_away AS (
    DELETE FROM portal.arrival a
    WHERE EXISTS (SELECT FROM heard) AND %(audience)s::text = 'customer' AND CASE
        WHEN %(login_hash)s::bytea IS NULL THEN a.sid_hash = %(sid_hash)s::bytea
        ELSE a.login_hash = %(login_hash)s::bytea AND coalesce(a.sid_hash = %(sid_hash)s::bytea, true)
    END
)
SELECT (SELECT count(*) FROM heard) AS heard, (SELECT count(*) FROM ended) AS ended
"""


async def ended(request: Request) -> Response:
    """End the sessions that a logout token names. The answer is for a machine: 200, or 400 where nothing was ended."""
    known = addressed(request)
    provider = known.provider
    try:
        token = await logout_token.validate(
            await _token(request), provider.issuer, provider.client_id, known.signing_keys
        )
        sessions = await end_sessions(services(request).staff.database, provider, token)
    except LoginFailed as failure:
        log.warning("logout refused", audience=provider.audience.value, provider=provider.name, why=str(failure))
        return _answer(400 if isinstance(failure, Refused) else 503, {"error": "invalid_request"})
    log.info("logged out at the provider", audience=provider.audience.value, provider=provider.name, sessions=sessions)
    return _answer(200, {})


async def end_sessions(database: Database, provider: Provider, token: LogoutToken) -> int:
    """End them; gives how many there were.

    Raises:
        Refused: this token was heard before.
    """
    row = await database.fetch_one(
        END,
        {
            "audience": provider.audience.value,
            "provider": provider.name,
            "issuer": provider.issuer,
            "jti_hash": tokens.digest(token.jti),
            "forget_at": token.forget_at,
            "subject": token.subject,
            "sid": token.sid,
            "login_hash": arrivals.hash_of(provider.issuer, token.subject),
            "sid_hash": arrivals.hash_of(provider.issuer, token.sid),
        },
    )
    assert row is not None
    if not row["heard"]:
        raise Refused("logout token: it was heard before")
    return int(row["ended"])


async def _token(request: Request) -> str:
    try:
        sent = (await posted(request)).getlist("logout_token")
    except PortalError as error:
        raise Refused("logout token: what was sent is no form") from error
    if len(sent) != 1 or not isinstance(sent[0], str):
        raise Refused("logout token: there is not one")
    return sent[0]


def _answer(status: int, body: dict[str, str]) -> Response:
    return JSONResponse(body, status, headers={"cache-control": "no-store"})
