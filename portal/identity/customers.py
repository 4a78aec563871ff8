"""Which customer a login belongs to, with never a word about who else there is.

In this order, and each only where the one before says nothing: the account is linked already; a provider on whose word
one can rely gives a customer number; such a provider vouches for an e-mail address that one customer alone has. An
address by itself never opens a record. Whoever is left needs an invitation, or waits for a person to look.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

import psycopg

from portal import clock
from portal.db.database import Database, Row
from portal.identity import claims, mailboxes
from portal.identity.accounts import Account, account
from portal.identity.flow import Arrival
from portal.identity.lifecycle import Who
from portal.identity.links import NotLinked, link
from portal.identity.login_changes import PORTAL, login_change, note_refused
from portal.identity.session import Audience
from portal.record.models import Record, System
from portal.record.store import RecordStore
from portal.settings.providers import CustomerProviderSettings

# What the provider says now is kept for the lists of the person's accounts, with the moment of this login.
KNOWN = """
WITH known AS (
    SELECT l.customer_id, l.id AS login_id, c.name, c.number, c.profile->>'language' AS language
    FROM portal.login l JOIN portal.customer c ON c.id = l.customer_id
    WHERE l.issuer = %(issuer)s AND l.subject = %(subject)s
), used AS (
    INSERT INTO portal.login_account AS a (customer_id, login_id, provider, account, verified_email, used_at)
    SELECT customer_id, login_id, %(provider)s, %(name)s, %(email)s, clock_timestamp() FROM known
    ON CONFLICT (customer_id, login_id) DO UPDATE SET
        provider = excluded.provider, account = excluded.account,
        verified_email = coalesce(excluded.verified_email, a.verified_email), used_at = excluded.used_at
)
SELECT * FROM known
"""

NUMBERED = "SELECT id FROM portal.customer WHERE number = %s"

WITH_MAILBOX = """
SELECT DISTINCT customer_id FROM portal.contact_point
WHERE system = 'email' AND lower(value COLLATE "C") = %s LIMIT 2
"""


async def recognise(
    store: RecordStore, arrival: Arrival, said: CustomerProviderSettings, personal: Mapping[str, str]
) -> Who | None:
    """The customer whose login this is; None if nobody has said yet whose it is.

    Args:
        store: as staff, because nobody is known yet.
        said: how far the provider's word goes.
        personal: the browser's address and name, for the change record that linking makes.
    """
    came = account(arrival)
    who = await known(store.database, came)
    if who is None and await _link(store, came, claimed_number(arrival, said), said, personal):
        who = await known(store.database, came)
    return who


async def linked(store: RecordStore, arrival: Arrival) -> Who | None:
    """The customer to whom this login belongs already."""
    return await known(store.database, account(arrival))


async def known(database: Database, came: Account) -> Who | None:
    """The customer whose record the account opens."""
    wanted = {
        "issuer": came.issuer,
        "subject": came.subject,
        "provider": came.provider,
        "name": came.name,
        "email": came.verified_email,
    }
    try:
        row = await database.fetch_one(KNOWN, wanted, retry=True)
    except psycopg.errors.ForeignKeyViolation:
        return None  # disconnected at this very moment
    return None if row is None else _who(row)


def claimed_number(arrival: Arrival, said: CustomerProviderSettings) -> str | None:
    """The customer number that the provider gives, if one can rely on its word."""
    return claims.customer_number(claims.find(arrival.claims, said.number_claim)) if said.number_claim else None


async def _link(
    store: RecordStore, came: Account, number: str | None, said: CustomerProviderSettings, personal: Mapping[str, str]
) -> bool:
    """Link the account by what its provider says of it; whether that may have been possible. A provider that gives a
    number has decided: an address that says something else does not count beside it."""
    if number is not None:
        return await _by_number(store, came, number, said, personal)
    return await _by_mailbox(store, came, said, personal)


async def _by_number(
    store: RecordStore, came: Account, number: str, said: CustomerProviderSettings, personal: Mapping[str, str]
) -> bool:
    """A customer has one login at a provider. A second one that claims the same number is for a person to look at."""
    customer = await store.database.fetch_one(NUMBERED, [number], retry=True)
    if customer is None:
        return False

    def allowed(record: Record) -> None:
        if any(login.issuer == came.issuer for login in record.logins):
            raise NotLinked("the customer has another login at this provider")

    facts = {"basis": "trusted_claim", "claim": said.number_claim}
    return await _linked_or_refused(store, customer["id"], came, facts, personal, allowed)


async def _by_mailbox(
    store: RecordStore, came: Account, said: CustomerProviderSettings, personal: Mapping[str, str]
) -> bool:
    """The provider has to vouch for the address and to be the one who may; one customer alone has it, and no login."""
    address = came.verified_email
    key = mailboxes.key(address) if address else None
    if address is None or key is None or not any(mailboxes.at(address, domain) for domain in said.email_domains):
        return False
    customers = await store.database.fetch_all(WITH_MAILBOX, [key], retry=True)
    if len(customers) != 1:
        return False

    def allowed(record: Record) -> None:
        if record.logins:
            raise NotLinked("the customer has a login already")
        if not any(p.system is System.EMAIL and mailboxes.key(p.value) == key for p in record.contact_points):
            raise NotLinked("the customer does not have the address any more")

    facts = {"basis": "verified_email"}
    return await _linked_or_refused(store, customers[0]["customer_id"], came, facts, personal, allowed)


async def _linked_or_refused(
    store: RecordStore,
    customer_id: UUID,
    came: Account,
    facts: Mapping[str, str],
    personal: Mapping[str, str],
    allowed: Callable[[Record], None],
) -> bool:
    """A refusal is written into the chain of the customer who was named, once for each account."""
    intention = login_change("login:linked", PORTAL, clock.uuid7(), account=came, personal=personal, **facts)
    try:
        await link(store, customer_id, intention, came, allowed)
    except NotLinked as refusal:
        if refusal.why == "taken":
            return True  # at this moment, the same login was tied to a record; which one, the next look tells
        basis = facts["basis"]
        await note_refused(store, customer_id, PORTAL, basis, came, personal, once=customer_id, why=refusal.why)
        return False
    return True


def _who(row: Row) -> Who:
    return Who(
        Audience.CUSTOMER,
        row["name"] or row["number"],
        row["language"],
        customer_id=row["customer_id"],
        login_id=row["login_id"],
    )
