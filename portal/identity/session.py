"""Who is logged in. Sessions live in PostgreSQL; the browser has a random token, the database only its hash.

Customers and staff have sessions and cookies of their own: one browser may hold both, and neither opens the other's
door.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from starlette.requests import HTTPConnection

from portal.db.database import Database, Row
from portal.identity import cookies, tokens
from portal.record.read import READER
from portal.services import services
from portal.settings import Settings, StaffRole

FIND = """SELECT * FROM portal.session_find_v1(%s, %s) AS s (
    session_id, customer_id, staff_id, login_id, roles, session_name, language, provider, authenticated_at, acr,
    created_at, expires_at)"""
FIND_WITH_RECORD = f"{FIND} LEFT JOIN LATERAL {READER}(s.customer_id) ON true"
"""The session is the proof that this one record may be read, and nothing but its row says whose."""


class Audience(StrEnum):
    """For whom a session is."""

    CUSTOMER = "customer"
    STAFF = "staff"


COOKIES = {Audience.CUSTOMER: "portal_session", Audience.STAFF: "portal_session_staff"}


@dataclass(frozen=True, slots=True)
class Session:
    """A login that is still good. `customer_id` and `login_id` are a customer's, `staff_id` and `roles` are staff's.

    `form_secret` is for the tokens in forms; it is made from the browser's token and stored nowhere. `authenticated_at`
    and `acr` say when and how well the person proved who they are (OpenID Connect Core, section 2), where the provider
    does.
    """

    id: UUID
    audience: Audience
    customer_id: UUID | None
    staff_id: UUID | None
    login_id: UUID | None
    name: str
    roles: frozenset[StaffRole]
    language: str | None
    form_secret: bytes
    provider: str
    authenticated_at: datetime | None
    acr: str | None
    created_at: datetime
    expires_at: datetime


async def find(request: HTTPConnection, audience: Audience, *, record: bool = False) -> Session | None:
    """The session that the browser shows for this audience, or None. One statement, remembered for the request.

    Args:
        record: for customers, read their record in the same statement: `request.state.record_row`.
    """
    if not hasattr(request.state, "sessions"):
        request.state.sessions = {}
    found: dict[Audience, Session | None] = request.state.sessions
    if audience not in found:
        found[audience] = await _find(request, audience, record)
    return found[audience]


def cookie_name(settings: Settings, audience: Audience) -> str:
    """The name of the cookie that carries sessions of this audience."""
    return cookies.full_name(settings, COOKIES[audience])


def shown_token(request: HTTPConnection, audience: Audience) -> str | None:
    """The token that the browser shows, if it could be one of ours."""
    token = request.cookies.get(cookie_name(services(request).settings, audience))
    return token if tokens.well_formed(token) else None


async def _find(request: HTTPConnection, audience: Audience, record: bool) -> Session | None:
    token = shown_token(request, audience)
    if token is None:
        return None
    statement, values = FIND_WITH_RECORD if record else FIND, [tokens.digest(token), audience.value]
    row = await _database(request, audience).fetch_one(statement, values, retry=True, binary=True)
    if row is None:
        return None
    if record:
        request.state.record_row = row
    return _session(row, audience, token)


def _database(request: HTTPConnection, audience: Audience) -> Database:
    at_hand = services(request)
    return (at_hand.customers if audience is Audience.CUSTOMER else at_hand.staff).database


def _session(row: Row, audience: Audience, token: str) -> Session:
    return Session(
        id=row["session_id"],
        audience=audience,
        customer_id=row["customer_id"],
        staff_id=row["staff_id"],
        login_id=row["login_id"],
        name=row["session_name"],
        roles=frozenset(map(StaffRole, row["roles"])),
        language=row["language"],
        form_secret=tokens.form_secret(token),
        provider=row["provider"],
        authenticated_at=row["authenticated_at"],
        acr=row["acr"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )
