"""Which customer a login belongs to. Never by an e-mail address, and never with a word about who else there is."""

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

import psycopg

from portal import clock
from portal.audit.entry import Actor, ActorKind, Evidence
from portal.audit.values import Value
from portal.db.database import Row
from portal.identity import claims
from portal.identity.flow import Arrival
from portal.identity.lifecycle import Who
from portal.identity.session import Audience
from portal.record.change import Intention, change
from portal.record.models import Record
from portal.record.store import RecordStore

LINKED = """
SELECT l.customer_id, l.id AS login_id, c.name, c.number, c.profile->>'language' AS language
FROM portal.login l JOIN portal.customer c ON c.id = l.customer_id
WHERE l.issuer = %s AND l.subject = %s
"""

NUMBERED = "SELECT id FROM portal.customer WHERE number = %s"

PORTAL = Actor(ActorKind.SYSTEM, "portal", "portal")


async def recognise(store: RecordStore, arrival: Arrival, claim: str, personal: Mapping[str, str]) -> Who | None:
    """The customer whose login this is; None if nobody has said yet whose it is.

    Args:
        store: as staff, because nobody is known yet.
        claim: names the claim with the customer number, at a provider whose word on it is trusted; empty if none is.
        personal: the browser's address and name, for the change record that linking makes.
    """
    who = await linked(store, arrival)
    if who is None and claim:
        await _link(store, arrival, claim, personal)
        who = await linked(store, arrival)
    return who


async def linked(store: RecordStore, arrival: Arrival) -> Who | None:
    """The customer to whom this login belongs already."""
    row = await store.database.fetch_one(LINKED, [arrival.issuer, arrival.subject], retry=True)
    return None if row is None else _who(row)


async def _link(store: RecordStore, arrival: Arrival, claim: str, personal: Mapping[str, str]) -> None:
    """Tie the login to the customer whose number the provider gives, if there is one and it can be theirs."""
    number = claims.customer_number(claims.find(arrival.claims, claim))
    if number is None:
        return
    customer = await store.database.fetch_one(NUMBERED, [number], retry=True)
    if customer is None:
        return
    evidence = Evidence({"basis": "trusted_claim", "claim": claim}, personal)
    intention = Intention("login:linked", PORTAL, clock.uuid7(), evidence=evidence)
    with suppress(psycopg.errors.UniqueViolation):  # at this moment, the same login was tied to another customer
        await change(store, customer["id"], intention, lambda record: _link_values(record, arrival))


def _link_values(record: Record, arrival: Arrival) -> dict[str, Value]:
    """A customer has one login at a provider. A second one that claims the same number is for a person to look at."""
    if any(login.issuer == arrival.issuer for login in record.logins):
        return {}
    login: UUID = clock.uuid7()
    return {f"logins/{login}/issuer": arrival.issuer, f"logins/{login}/subject": arrival.subject}


def _who(linked: Row) -> Who:
    return Who(
        Audience.CUSTOMER,
        linked["name"] or linked["number"],
        linked["language"],
        customer_id=linked["customer_id"],
        login_id=linked["login_id"],
    )
