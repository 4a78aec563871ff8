"""Whose login it is, where answers of the provider race each other."""

import asyncio

from portal import clock
from portal.identity.customers import recognise
from portal.identity.flow import Arrival
from portal.identity.lifecycle import Proof
from portal.record.read import StoredRecord, read
from portal.settings.providers import CustomerProviderSettings
from tests.builders import a_customer
from tests.conftest import Stores
from tests.integration.identity.browser import a_subject
from tests.unit.identity.signing import ISSUER

TRUSTED = CustomerProviderSettings(issuer=ISSUER, client_id="portal", number_claim="number")


def arrival(subject: str, customer: StoredRecord) -> Arrival:
    """The provider says that this login is that customer's."""
    return Arrival(ISSUER, subject, {"number": customer.record.number}, Proof("customer", "", clock.now(), None))


async def logins(stores: Stores, customer: StoredRecord) -> list[str]:
    stored = await read(stores.staff.database, stores.staff.keys, customer.record.id)
    assert stored is not None
    return [login.subject for login in stored.record.logins]


async def test_a_login_that_is_given_to_two_customers_at_once_becomes_one_customers(stores: Stores) -> None:
    for subject in (a_subject("either") for _ in range(6)):
        alice, bob = await a_customer(stores.worker), await a_customer(stores.worker, given_name="Bob")
        answers = [arrival(subject, customer) for customer in (alice, bob, alice, bob)]

        found = await asyncio.gather(*(recognise(stores.staff, answer, TRUSTED, {}) for answer in answers))

        whose = {who.customer_id for who in found if who}
        assert None not in found and len(whose) == 1
        assert [subject] == await logins(stores, alice) + await logins(stores, bob)
