"""Where sessions begin and end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from starlette.requests import HTTPConnection
from starlette.responses import Response

from portal import clock
from portal.identity import cookies, tokens
from portal.identity.session import COOKIES, Audience, Session, shown_token
from portal.services import services
from portal.settings import Settings, StaffRole

INSERT = """
INSERT INTO portal.session (
    token_hash, id, audience, customer_id, staff_id, login_id, roles, name, language, provider, id_token,
    authenticated_at, acr, sid, form_hash, user_agent, expires_at, idle)
SELECT %(token_hash)s, %(id)s, %(audience)s, %(customer_id)s, %(staff_id)s, %(login_id)s, %(roles)s, %(name)s,
    %(language)s, %(provider)s, %(id_token)s,
    %(authenticated_at)s, %(acr)s, %(sid)s, %(form_hash)s, %(user_agent)s,
    clock_timestamp() + %(lasts)s, %(idle)s
"""

# Who was recognised a moment ago may have lost the login or the roles since. Both rows are held until the session is
# there, and whoever takes them away ends the sessions that are there afterwards (login_changed_v1, staff_changed_v1).
# The browser's earlier session ends in the same statement: a session never changes hands, and none is left behind. It
# ends last, because taking a login away locks the login before its sessions, too.
BEGIN = f"""
WITH as_customer AS (
    SELECT 1 FROM portal.login WHERE customer_id = %(customer_id)s AND id = %(login_id)s FOR KEY SHARE
), as_staff AS (
    SELECT 1 FROM portal.staff
    WHERE id = %(staff_id)s AND roles @> %(roles)s::text[] AND roles <@ %(roles)s::text[] FOR SHARE
), still AS (
    SELECT * FROM as_customer UNION ALL SELECT * FROM as_staff
), ended AS (
    DELETE FROM portal.session s USING still WHERE s.token_hash = %(before)s
)
{INSERT} FROM still RETURNING id
"""  # noqa: S608 - constants

END = "DELETE FROM portal.session WHERE id = %s RETURNING audience, provider, id_token"

SPEAK = "UPDATE portal.session SET language = %s WHERE token_hash = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who may come in: one customer through one of their logins, or one of the staff in their roles."""

    audience: Audience
    name: str
    language: str | None = None
    customer_id: UUID | None = None
    login_id: UUID | None = None
    staff_id: UUID | None = None
    roles: frozenset[StaffRole] = frozenset()


@dataclass(frozen=True, slots=True)
class Proof:
    """How the provider vouched for them, when they proved to it who they are, and by which `sid` it knows the login, if
    it says so. The ID token is kept, encrypted, only to log them out there as well."""

    provider: str
    id_token: str
    authenticated_at: datetime | None
    acr: str | None
    sid: str | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that is no more, and what logs the person out at their provider."""

    audience: Audience
    provider: str
    id_token: str | None


async def begin(request: HTTPConnection, who: Who, proof: Proof) -> str | None:
    """Make a session and return its token, always a new one: whatever the browser showed before is not adopted. None if
    the login or the roles were taken away at this moment."""
    token, before = tokens.new(), shown_token(request, who.audience)
    lasts, idle = session_times(services(request).settings, who.audience)
    begun = await services(request).staff.database.fetch_one(
        BEGIN,
        {
            "before": tokens.digest(before) if before else None,
            "token_hash": tokens.digest(token),
            "id": clock.uuid7(),
            "audience": who.audience.value,
            "customer_id": who.customer_id,
            "staff_id": who.staff_id,
            "login_id": who.login_id,
            "roles": sorted(role.value for role in who.roles),
            "name": who.name,
            "language": who.language,
            "provider": proof.provider,
            "id_token": tokens.seal(token, proof.id_token),
            "authenticated_at": proof.authenticated_at,
            "acr": proof.acr,
            "sid": proof.sid,
            "form_hash": tokens.form_hash(tokens.form_secret(token)),
            "user_agent": user_agent(request),
            "lasts": lasts,
            "idle": idle,
        },
    )
    return token if begun else None


def session_times(settings: Settings, audience: Audience) -> tuple[timedelta, timedelta]:
    """How long a session may last in any case, and how long without a click."""
    hours, minutes = settings.session_hours, settings.session_idle_minutes
    if audience is Audience.STAFF:
        hours = settings.staff_session_hours or hours
        minutes = settings.staff_session_idle_minutes or minutes
    return timedelta(hours=hours), timedelta(minutes=minutes)


async def end(request: HTTPConnection, session: Session) -> Ended | None:
    """End the session that the browser shows, if it is there still, under whatever token by now."""
    token = shown_token(request, session.audience)
    row = await services(request).staff.database.fetch_one(END, [session.id])
    if row is None:
        return None
    id_token = tokens.unseal(token, bytes(row["id_token"])) if token and row["id_token"] else None
    return Ended(Audience(row["audience"]), row["provider"], id_token)


async def speak(request: HTTPConnection, language: str) -> None:
    """Remember the interface language for as long as the sessions that the browser shows last."""
    shown = [token for audience in Audience if (token := shown_token(request, audience))]
    if shown:
        await services(request).staff.database.fetch_all(SPEAK, [language, [tokens.digest(token) for token in shown]])


def put_cookie(response: Response, request: HTTPConnection, audience: Audience, token: str) -> None:
    """Hand a session's token to the browser."""
    cookies.put(response, services(request).settings, COOKIES[audience], token)


def remove_cookie(response: Response, request: HTTPConnection, audience: Audience) -> None:
    """Make the browser forget its session."""
    cookies.remove(response, services(request).settings, COOKIES[audience])


def user_agent(request: HTTPConnection) -> str:
    """What the browser calls itself, shortened: for the list of one's devices, and as evidence."""
    return "".join(filter(str.isprintable, request.headers.get("user-agent", "")))[:200]


def personal(request: HTTPConnection) -> dict[str, str]:
    """What the change record keeps, encrypted, of where somebody acted from: address and browser, as far as known."""
    told = {"ip": getattr(request.state, "client_address", None) or "", "user_agent": user_agent(request)}
    return {name: value for name, value in told.items() if value}
