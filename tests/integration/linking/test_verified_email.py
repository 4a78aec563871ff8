"""A verified address opens a record only where everything speaks for it; else a person looks."""

from typing import Any

import pytest

from portal import clock
from portal.identity.customers import recognise
from portal.identity.flow import Arrival
from portal.identity.lifecycle import Proof, Who
from portal.record.read import StoredRecord
from portal.settings.providers import CustomerProviderSettings
from tests.builders import a_contact_point, a_customer, a_login, a_number
from tests.conftest import Stores
from tests.integration.identity.browser import a_subject
from tests.integration.linking.conftest import actions_of, record_of

ISSUER = "https://mail.example"
TRUSTED = CustomerProviderSettings(issuer=ISSUER, client_id="portal", email_domains=("mail.example", "exämple.de"))


def an_address(domain: str = "mail.example") -> str:
    return f"{a_number().lower()}@{domain}"


async def with_address(stores: Stores, address: str, **more: Any) -> StoredRecord:
    return await a_customer(stores.worker, values=a_contact_point("email", address) | more.pop("values", {}), **more)


async def arrives(
    stores: Stores, claims: dict[str, object], said: CustomerProviderSettings = TRUSTED, subject: str | None = None
) -> Who | None:
    arrival = Arrival(ISSUER, subject or a_subject("mail"), claims, Proof("other", "", clock.now(), None))
    return await recognise(stores.staff, arrival, said, {})


@pytest.mark.parametrize("spelt", [str, str.upper, str.title])
async def test_the_one_customer_who_has_the_address_comes_in(stores: Stores, spelt: Any) -> None:
    address = an_address()
    alice = await with_address(stores, address)

    who = await arrives(stores, {"email": spelt(address), "email_verified": True})

    assert who is not None and who.customer_id == alice.record.id
    assert await actions_of(stores, alice) == ["login:linked"]


async def test_international_domains_are_compared_as_the_network_does(stores: Stores) -> None:
    address = an_address("exämple.de")
    alice = await with_address(stores, address)

    who = await arrives(stores, {"email": address.replace("exämple", "xn--exmple-cua"), "email_verified": True})

    assert who is not None and who.customer_id == alice.record.id


@pytest.mark.asvs("6.8.1")
@pytest.mark.parametrize("verified", ["true", "True", 1, "1", None, False, [True], {"value": True}, "yes"], ids=repr)
async def test_verified_is_the_boolean_and_nothing_else(stores: Stores, verified: object) -> None:
    address = an_address()
    alice = await with_address(stores, address)

    assert await arrives(stores, {"email": address, "email_verified": verified}) is None
    assert (await record_of(stores, alice)).logins == ()


async def test_without_the_claim_it_is_not_verified(stores: Stores) -> None:
    address = an_address()
    await with_address(stores, address)

    assert await arrives(stores, {"email": address}) is None


@pytest.mark.parametrize(
    "domains", [(), ("other.example",), ("example",), ("sub.mail.example",), ("mail.example.com",)]
)
async def test_a_provider_speaks_for_its_own_domains_alone(stores: Stores, domains: tuple[str, ...]) -> None:
    address = an_address()
    alice = await with_address(stores, address)
    said = CustomerProviderSettings(issuer=ISSUER, client_id="portal", email_domains=domains)

    assert await arrives(stores, {"email": address, "email_verified": True}, said) is None
    assert (await record_of(stores, alice)).logins == ()


async def test_an_address_of_two_customers_is_nobodys(stores: Stores) -> None:
    address = an_address()
    both = [
        await with_address(stores, address),
        await with_address(stores, address.upper().replace("MAIL.EXAMPLE", "mail.example")),
    ]

    assert await arrives(stores, {"email": address, "email_verified": True}) is None
    assert [(await record_of(stores, one)).logins for one in both] == [(), ()]


async def test_a_customer_with_a_login_gets_no_second_one_by_an_address(stores: Stores) -> None:
    address = an_address()
    alice = await with_address(stores, address, values=a_login())

    assert await arrives(stores, {"email": address, "email_verified": True}) is None
    assert len((await record_of(stores, alice)).logins) == 1
    assert await actions_of(stores, alice) == ["login:refused"]


async def test_a_refusal_is_written_down_once_for_each_account(stores: Stores) -> None:
    address, subject = an_address(), a_subject("again")
    alice = await with_address(stores, address, values=a_login())

    for _ in range(3):
        await arrives(stores, {"email": address, "email_verified": True}, subject=subject)

    assert await actions_of(stores, alice) == ["login:refused"]


@pytest.mark.parametrize(
    "claims",
    [
        {"email": ["{address}"], "email_verified": True},
        {"email": "{address},x@mail.example", "email_verified": True},
        {"email": "{address}\x00", "email_verified": "true"},
        {"preferred_username": "{address}", "email_verified": True},
        {"Email": "{address}", "email_verified": True},
    ],
    ids=lambda claims: str(sorted(claims.items())),
)
async def test_what_is_no_address_opens_nothing(stores: Stores, claims: dict[str, object]) -> None:
    address = an_address()
    alice = await with_address(stores, address)
    said = {name: value.format(address=address) if isinstance(value, str) else value for name, value in claims.items()}

    assert await arrives(stores, said) is None
    assert (await record_of(stores, alice)).logins == ()


async def test_a_number_of_nobody_does_not_fall_back_to_the_address(stores: Stores) -> None:
    """The provider has said who it is: somebody whom we do not know."""
    address = an_address()
    alice = await with_address(stores, address)
    said = TRUSTED.model_copy(update={"number_claim": "number"})

    assert await arrives(stores, {"number": "nobody", "email": address, "email_verified": True}, said) is None
    assert (await record_of(stores, alice)).logins == ()


async def test_another_kind_of_contact_point_is_no_address(stores: Stores) -> None:
    address = an_address()
    await a_customer(stores.worker, values=a_contact_point("messaging", address))

    assert await arrives(stores, {"email": address, "email_verified": True}) is None
