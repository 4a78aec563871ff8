"""The keys by which providers know the portal (private_key_jwt, RFC 7523): ES256, in PostgreSQL, their private halves
wrapped under the key-encryption key.

There are always two, and both are published: `current` signs, and `next` waits until every provider has seen it. So a
rotation needs no appointment with anybody.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc.jwk import ECKey
from psycopg.types.json import Jsonb

from portal.audit.cipher import KeyRing, Undecipherable, WrappedKey, context
from portal.db.database import Database, Row
from portal.errors import Unavailable
from portal.work import transaction

ALGORITHM = "ES256"
SEEN_AFTER = timedelta(hours=24)
"""By then a provider has fetched the published keys anew."""

READ = "SELECT kid, state, public, wrapped, wrapped_by, created_at FROM keys.client_key ORDER BY state"

# Two processes that begin at the same moment make one pair: the second one waits for the first one's, and takes it.
BEGIN = """
INSERT INTO keys.client_key (kid, state, public, wrapped, wrapped_by)
VALUES (%s, 'current', %s, %s, %s), (%s, 'next', %s, %s, %s)
ON CONFLICT (state) DO NOTHING
"""

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('portal client keys'))"
AGE = "SELECT clock_timestamp() - created_at FROM keys.client_key WHERE state = 'next'"
DROP = "DELETE FROM keys.client_key WHERE state = 'current' OR NOT (wrapped_by = :ours)"
PROMOTE = "UPDATE keys.client_key SET state = 'current' WHERE state = 'next'"
ADD = """
INSERT INTO keys.client_key (kid, state, public, wrapped, wrapped_by)
SELECT :kid, CASE WHEN EXISTS (SELECT FROM keys.client_key) THEN 'next' ELSE 'current' END,
    CAST(:public AS jsonb), :wrapped, :wrapped_by
"""


class TooSoon(Unavailable):
    """The waiting key is so new that a provider may not have seen it."""


@dataclass(frozen=True, slots=True)
class ClientKey:
    """A key as it is published. `readable`: it was wrapped under the key-encryption key of these settings."""

    kid: str
    current: bool
    public: dict[str, Any]
    created_at: datetime
    readable: bool


class ClientKeys:
    """The portal's keys. The first use makes them."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        self._database = database
        self._ring = ring
        self._opened: dict[str, ECKey] = {}

    async def published(self) -> list[ClientKey]:
        """The current key and the next one."""
        return [
            ClientKey(
                row["kid"],
                row["state"] == "current",
                row["public"],
                row["created_at"],
                row["wrapped_by"] == self._ring.id,
            )
            for row in await self._rows()
        ]

    async def signing(self) -> ECKey:
        """The key that signs, with its private half. Asked for anew each time, so that a rotation counts at once.

        Raises:
            Undecipherable: it was wrapped under another key-encryption key.
        """
        row = (await self._rows())[0]
        if row["kid"] not in self._opened:
            self._opened = {row["kid"]: _open(self._ring, row)}
        return self._opened[row["kid"]]

    async def rotate(self, *, at_once: bool = False) -> list[ClientKey]:
        """The next key becomes the current one, a new one is made, and the old one goes.

        Keys of another key-encryption key are of no use any more, and go as well.

        Args:
            at_once: although the next key is so new that a provider may not have seen it: for a key that others know.

        Raises:
            TooSoon: without `at_once`.
        """
        from sqlalchemy import text  # by who needs it: see portal.db.database

        await self._rows()
        async with transaction(self._database) as connection:
            await connection.execute(text(ONE_AT_A_TIME))
            age = (await connection.execute(text(AGE))).scalar_one()
            if age < SEEN_AFTER and not at_once:
                raise _too_soon(age)
            await connection.execute(text(DROP), {"ours": self._ring.id})
            await connection.execute(text(PROMOTE))
            for _ in range(2 - (await connection.execute(text("SELECT count(*) FROM keys.client_key"))).scalar_one()):
                kid, public, wrapped = _make(self._ring)
                made = {"kid": kid, "public": json.dumps(public), "wrapped": wrapped.data, "wrapped_by": wrapped.by}
                await connection.execute(text(ADD), made)
        return await self.published()

    async def _rows(self) -> list[Row]:
        rows = await self._database.fetch_all(READ, retry=True)
        if len(rows) < 2:
            one, other = _make(self._ring), _make(self._ring)
            values = [
                value
                for kid, public, wrapped in (one, other)
                for value in (kid, Jsonb(public), wrapped.data, wrapped.by)
            ]
            await self._database.fetch_all(BEGIN, values)
            rows = await self._database.fetch_all(READ)
        return rows


def _make(ring: KeyRing) -> tuple[str, dict[str, Any], WrappedKey]:
    key = ECKey.generate_key("P-256", auto_kid=True)
    assert key.kid is not None
    public = key.as_dict(private=False) | {"use": "sig", "alg": ALGORITHM}
    private = json.dumps(key.as_dict(private=True)).encode()
    return key.kid, public, ring.wrap(private, _place(key.kid))


def _open(ring: KeyRing, row: Row) -> ECKey:
    try:
        private = ring.open(WrappedKey(bytes(row["wrapped"]), row["wrapped_by"]), _place(row["kid"]))
    except Undecipherable as error:
        raise Undecipherable("the key that we show providers was wrapped under another KEY_ENCRYPTION_KEY") from error
    return ECKey.import_key(json.loads(private))


def _place(kid: str) -> bytes:
    return context("portal client key", 1, kid)


def _too_soon(age: timedelta) -> TooSoon:
    hours = int((SEEN_AFTER - age).total_seconds() // 3600) + 1
    return TooSoon(
        "The next key is less than a day old: a provider that keeps our keys for a day may not know it yet. "
        "Nothing was changed.",
        hint=f"Try again in {hours} hours. If somebody else may have the current key, do not wait: use --now.",
    )
