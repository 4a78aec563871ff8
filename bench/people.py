"""Who asks: customers and staff with sessions as the login leaves them, and the requests that their browsers send."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

from bench.ground import PRODUCTION, Ground
from bench.load import Visitor
from portal import clock
from portal.db.database import Role
from portal.identity import tokens
from portal.identity.lifecycle import INSERT
from portal.identity.session import COOKIES, Audience
from portal.settings import StaffRole
from portal.web import form_token

STAFF = """INSERT INTO portal.staff (id, issuer, subject, name, roles)
           VALUES (%s, 'https://id.invalid', %s, 'Grace Okafor', %s) RETURNING id"""
SEQS = "SELECT id, seq FROM portal.customer WHERE id = ANY(%s)"

HEAD = (
    "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nAccept-Language: en\r\n"
    "Accept-Encoding: {encoding}\r\nSec-Fetch-Site: same-origin\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
    "Safari/537.36\r\n{more}"
)
CHROME = "gzip, deflate, br, zstd"
"""What Chrome takes over https."""


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in. `seq` is the version that their record is at."""

    id: UUID | None
    token: str
    audience: Audience
    seq: int = 0

    @property
    def cookie(self) -> str:
        return f"__Host-{COOKIES[self.audience]}={self.token}"

    @property
    def form_token(self) -> str:
        return form_token.mask(tokens.form_secret(self.token))


async def customers(ground: Ground, number: int, *, skip: int = 0) -> list[Person]:
    """So many customers, logged in."""
    ids = ground.customers(skip + number)[skip:]
    async with ground.store(Role.STAFF) as store:
        seqs = {row["id"]: row["seq"] for row in await store.database.fetch_all(SEQS, [ids])}
        people = [Person(id, tokens.new(), Audience.CUSTOMER, seqs[id]) for id in ids]
        for person in people:
            await store.database.fetch_all(INSERT, _session(person, None, ()))
    return people


async def staff(ground: Ground, *roles: StaffRole) -> Person:
    """Somebody who works there, logged in."""
    async with ground.store(Role.STAFF) as store:
        row = await store.database.fetch_one(STAFF, [uuid4(), str(uuid4()), [role.value for role in roles]])
        assert row is not None
        person = Person(None, tokens.new(), Audience.STAFF)
        await store.database.fetch_all(INSERT, _session(person, row["id"], roles))
    return person


def _session(person: Person, staff_id: UUID | None, roles: Sequence[StaffRole]) -> dict[str, object]:
    return {
        "token_hash": tokens.digest(person.token), "id": uuid4(), "audience": person.audience.value,
        "customer_id": person.id, "staff_id": staff_id, "login_id": uuid4() if person.id else None,
        "roles": [role.value for role in roles], "name": "Alice Marsh", "language": None, "provider": "main",
        "id_token": tokens.seal(person.token, "none"), "authenticated_at": clock.now(), "acr": None, "sid": None,
        "form_hash": tokens.form_hash(tokens.form_secret(person.token)), "user_agent": "bench",
        "lasts": timedelta(hours=12), "idle": timedelta(hours=12),
    }  # fmt: skip


def reading(person: Person, path: str, *, encoding: str = CHROME) -> Visitor:
    """A page that somebody opens again and again."""
    more = f"Cookie: {person.cookie}\r\n\r\n"
    return Visitor(HEAD.format(method="GET", path=path, encoding=encoding, more=more))


def saving(person: Person, fields: dict[str, str], *, encoding: str = CHROME) -> Visitor:
    """The first section of the profile, saved again and again with other pronouns each time, as a browser without a
    script posts it: answered by the way back."""
    fixed = urlencode({"form_token": person.form_token, **fields})
    body = f"{fixed}&seq={{seq}}&request_id={{request}}&pronouns={{word}}"
    more = (
        f"Origin: {PRODUCTION['PUBLIC_URL']}\r\nCookie: {person.cookie}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
    )
    head = HEAD.format(method="POST", path="/record/profile/about", encoding=encoding, more=more)
    return Visitor(head, body, person.seq)


def searching(person: Person, words: Sequence[str]) -> list[Visitor]:
    """The desk's search, for each of some words."""
    return [reading(person, f"/desk?q={quote(word)}") for word in words]
