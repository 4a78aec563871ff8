"""A login under way: what was sent to the provider, kept until its answer comes, once, and for ten minutes at most.

It is bound to the browser that began it by a cookie of its own, named after the state: two tabs do not hurt each other,
and nobody can make somebody else's browser finish their login (login CSRF).
"""

import hmac
from dataclasses import dataclass
from enum import StrEnum

from portal.db.database import Database
from portal.identity import tokens
from portal.identity.failures import Refused
from portal.identity.session import Audience

SECONDS = 600
COOKIE_PREFIX = "portal_login_"

OPEN = """
INSERT INTO portal.login_transaction (
    state_hash, browser_hash, audience, provider, issuer, nonce, code_verifier, redirect_uri, return_to, purpose,
    expected_session, invitation, max_age, acr_values)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""

CONSUME = """
DELETE FROM portal.login_transaction WHERE state_hash = %s
RETURNING browser_hash, audience, provider, issuer, nonce, code_verifier, redirect_uri, return_to, purpose,
    expected_session, invitation, max_age, acr_values, expires_at > clock_timestamp() AS fresh
"""


class Purpose(StrEnum):
    """What the login is for."""

    LOGIN = "login"  # to come in
    LINK = "link"  # to tie another account to the record of who is in already
    STEP_UP = "step_up"  # to show anew who is there, before something that matters


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a login is begun for, and what it has to prove.

    Attributes:
        return_to: a path of ours.
        expected_session: the digest of the session token that the browser must still show when it comes back.
        invitation: the digest of the code that somebody was invited with.
        max_age: seconds since the person last proved who they are; asked of the provider, and checked.
        acr_values: one of these has to be how they proved it; asked of the provider, and checked.
    """

    purpose: Purpose = Purpose.LOGIN
    return_to: str = "/"
    expected_session: bytes | None = None
    invitation: bytes | None = None
    max_age: int | None = None
    acr_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Transaction:
    """What the answer of the provider is held against."""

    audience: Audience
    provider: str
    issuer: str
    redirect_uri: str
    wanted: Wanted
    nonce: str
    code_verifier: str


@dataclass(frozen=True, slots=True)
class Opened:
    """`state` goes to the provider and comes back; `browser` stays in the cookie."""

    transaction: Transaction
    state: str
    browser: str

    @property
    def cookie(self) -> str:
        return cookie_for(self.state)


def cookie_for(state: str) -> str:
    """The name of the cookie of the transaction with this state."""
    return COOKIE_PREFIX + tokens.digest(state).hex()[:16]


def prepare(audience: Audience, provider: str, issuer: str, redirect_uri: str, wanted: Wanted) -> Opened:
    """A login, with a state, a nonce and a code verifier of its own."""
    made = Transaction(audience, provider, issuer, redirect_uri, wanted, tokens.new(), tokens.new())
    return Opened(made, state=tokens.new(), browser=tokens.new())


async def keep(database: Database, opened: Opened) -> None:
    """Write a login down, to be consumed when its answer comes."""
    made, wanted = opened.transaction, opened.transaction.wanted
    await database.fetch_all(
        OPEN,
        [
            tokens.digest(opened.state),
            tokens.digest(opened.browser),
            made.audience.value,
            made.provider,
            made.issuer,
            made.nonce,
            made.code_verifier,
            made.redirect_uri,
            wanted.return_to,
            wanted.purpose.value,
            wanted.expected_session,
            wanted.invitation,
            wanted.max_age,
            list(wanted.acr_values),
        ],
    )


async def consume(database: Database, state: str | None, browser: str | None) -> Transaction:
    """Take the transaction with this state away, whatever comes of it: a state is good for one answer.

    Raises:
        Refused: there is none, it is too old, or another browser began it.
    """
    if state is None or not tokens.well_formed(state):
        raise Refused("callback: no state")
    row = await database.fetch_one(CONSUME, [tokens.digest(state)])
    if row is None:
        raise Refused("callback: no such login is under way")
    began_here = browser is not None and hmac.compare_digest(tokens.digest(browser), bytes(row.pop("browser_hash")))
    if not began_here:
        raise Refused("callback: another browser began this login")
    if not row.pop("fresh"):
        raise Refused("callback: the login took too long")
    wanted = Wanted(
        purpose=Purpose(row.pop("purpose")),
        return_to=row.pop("return_to"),
        expected_session=row.pop("expected_session"),
        invitation=row.pop("invitation"),
        max_age=row.pop("max_age"),
        acr_values=tuple(row.pop("acr_values")),
    )
    return Transaction(audience=Audience(row.pop("audience")), wanted=wanted, **row)
