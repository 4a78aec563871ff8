"""Everybody at once, for tests that ask every address."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest

from portal.identity import pending
from portal.identity.accounts import Account
from portal.record.change import change
from portal.record.read import StoredRecord
from tests.builders import SYSTEM, a_contact_point, a_customer, a_login, a_note, a_window, an_intention
from tests.conftest import Stores
from tests.integration.web.access import CUSTOMERS, ROLES, Cast, Theirs
from tests.integration.web.browsing import Served, a_browser, a_session


@pytest.fixture(scope="module")
async def customers(stores: Stores) -> dict[str, Theirs]:
    """Alice and Bob, for all tests here: nothing is done to them."""
    made = {name: await a_customer(stores.worker, given_name=name.title()) for name in sorted(CUSTOMERS)}
    return {name: await things_of(stores, customer) for name, customer in made.items()}


@pytest.fixture(scope="module")
async def cast(served: Served, stores: Stores, customers: dict[str, Theirs]) -> AsyncIterator[Cast]:
    """A browser of each of them."""
    cookies: dict[str, dict[str, str]] = {"stranger": {}}
    for name, theirs in customers.items():
        cookies[name] = await a_session(stores.staff, customer_id=theirs.customer, name=name.title())
    for name, role in ROLES.items():
        cookies[name] = await a_session(stores.staff, roles=(role,), name=name.title())
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(a_browser(served.origin, **shown)) for name, shown in cookies.items()
        }


@pytest.fixture
def alices(customers: dict[str, Theirs]) -> Theirs:
    return customers["alice"]


@pytest.fixture
def bobs(customers: dict[str, Theirs]) -> Theirs:
    return customers["bob"]


async def things_of(stores: Stores, customer: StoredRecord) -> Theirs:
    """One of each kind of thing that a customer has."""
    values = a_note() | a_window() | a_contact_point(value=f"{uuid4().hex}@example.com", rank=9) | a_login()
    ids = {path.split("/")[0]: path.split("/")[1] for path in values}
    await change(stores.worker, customer.record.id, an_intention("profile:merged", SYSTEM), values)
    given = {name: ids[f"{name}s"] for name in ("contact_point", "contact_window", "note", "login")}
    account = Account("main", "https://id.example", uuid4().hex, "Somebody")
    waiting = await pending.note(stores.staff.database, account, customer.record.number)
    assert waiting is not None
    return Theirs(customer=customer.record.id, pending_login=waiting.id, **given)  # type: ignore[arg-type]
