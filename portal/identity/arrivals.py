"""Somebody for whom a provider vouches and who is asked whether this account is to open a record.

Between the provider's answer and theirs, what the provider said is kept encrypted under a key that their browser alone
has. It is good for one answer and for ten minutes, and until the provider says that they have logged out there.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from portal.db.database import Database, Row
from portal.identity import tokens
from portal.identity.accounts import Account
from portal.identity.lifecycle import Proof

COOKIE = "portal_arrival"
SECONDS = 600

KEEP = """
INSERT INTO portal.arrival (token_hash, customer_id, invitation, session, sealed, login_hash, sid_hash)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""

FOUND = "token_hash = %s AND expires_at > clock_timestamp()"
LOOK = f"SELECT customer_id, invitation, session, sealed FROM portal.arrival WHERE {FOUND}"  # noqa: S608 - a constant
TAKE = f"DELETE FROM portal.arrival WHERE {FOUND} RETURNING customer_id, invitation, session, sealed"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits to be asked, and of which record the question is: one to which they were invited, or that of the
    session in which they add another account. `number` is what a provider says on whose word one can rely."""

    customer_id: UUID
    invitation: UUID | None
    session: UUID | None
    account: Account
    number: str | None
    proof: Proof


async def keep(database: Database, waiting: Waiting) -> str:
    """Keep somebody in mind; gives the token for their browser."""
    token, at, issuer = tokens.new(), waiting.proof.authenticated_at, waiting.account.issuer
    said = {
        "account": asdict(waiting.account),
        "number": waiting.number,
        "proof": {**asdict(waiting.proof), "authenticated_at": at.isoformat() if at else None},
    }
    sealed = tokens.seal(token, json.dumps(said))
    values = [tokens.digest(token), waiting.customer_id, waiting.invitation, waiting.session, sealed]
    known_by = [hash_of(issuer, waiting.account.subject), hash_of(issuer, waiting.proof.sid)]
    await database.fetch_all(KEEP, values + known_by)
    return token


def hash_of(issuer: str, name: str | None) -> bytes | None:
    """By what a logout token finds them: the hash of a subject, or of a session at the provider."""
    return None if name is None else tokens.digest(f"{issuer} {name}")


async def look(database: Database, token: str | None) -> Waiting | None:
    """Who the token stands for, without using it up."""
    return await _find(database, LOOK, token)


async def take(database: Database, token: str | None) -> Waiting | None:
    """The same, once."""
    return await _find(database, TAKE, token)


async def _find(database: Database, statement: str, token: str | None) -> Waiting | None:
    if token is None or not tokens.well_formed(token):
        return None
    row = await database.fetch_one(statement, [tokens.digest(token)])
    return None if row is None else _waiting(row, token)


def _waiting(row: Row, token: str) -> Waiting | None:
    opened = tokens.unseal(token, bytes(row.pop("sealed")))
    if opened is None:
        return None
    said = json.loads(opened)
    proof, at = said["proof"], said["proof"]["authenticated_at"]
    proof["authenticated_at"] = datetime.fromisoformat(at) if at else None
    return Waiting(**row, account=Account(**said["account"]), number=said["number"], proof=Proof(**proof))
