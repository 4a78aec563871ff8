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
from portal.services import services
from portal.settings import Settings, StaffRole

FIND = "SELECT * FROM portal.session_find_v1(%s, %s)"


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


async def find(request: HTTPConnection, audience: Audience) -> Session | None:
    """The session that the browser shows for this audience, or None. One statement, remembered for the request."""
    if not hasattr(request.state, "sessions"):
        request.state.sessions = {}
    found: dict[Audience, Session | None] = request.state.sessions
    if audience not in found:
        found[audience] = await _find(request, audience)
    return found[audience]


def cookie_name(settings: Settings, audience: Audience) -> str:
    """The name of the cookie that carries sessions of this audience."""
    return cookies.full_name(settings, COOKIES[audience])


def shown_token(request: HTTPConnection, audience: Audience) -> str | None:
    """The token that the browser shows, if it could be one of ours."""
    token = request.cookies.get(cookie_name(services(request).settings, audience))
    return token if tokens.well_formed(token) else None


async def _find(request: HTTPConnection, audience: Audience) -> Session | None:
    token = shown_token(request, audience)
    if token is None:
        return None
    row = await _database(request, audience).fetch_one(FIND, [tokens.digest(token), audience.value], retry=True)
    return None if row is None else _session(row, audience, token)


def _database(request: HTTPConnection, audience: Audience) -> Database:
    at_hand = services(request)
    return (at_hand.customers if audience is Audience.CUSTOMER else at_hand.staff).database


def _session(row: Row, audience: Audience, token: str) -> Session:
    roles = frozenset(map(StaffRole, row.pop("roles")))
    return Session(audience=audience, roles=roles, form_secret=tokens.form_secret(token), **row)
