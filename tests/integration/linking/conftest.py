"""The whole portal with two identity providers for customers: `main` is trusted with customer numbers, `other` with the
e-mail addresses of mail.example. Both are one process, under two names for this machine."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from html import unescape
from typing import Protocol, Self
from urllib.parse import urlsplit

import httpx2
import pytest
from sqlalchemy import URL

from portal.app import create_app
from portal.record.models import Record
from portal.record.read import StoredRecord, read
from tests.conftest import Stores, make_settings
from tests.integration.identity.browser import a_subject, known_at
from tests.integration.identity.conftest import customers_at, owner, provider, staff_at
from tests.integration.web.browsing import Served, a_browser, listening, serving

__all__ = ["owner", "provider"]

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
CODE = re.compile(r'id="invitation-code">([^<]+)<')


@pytest.fixture(scope="session")
async def served(database_url: URL, provider: str) -> AsyncIterator[Served]:
    other = provider.replace("localhost", "127.0.0.1")
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        settings = make_settings(
            database_url,
            public_url=origin,
            customer_oidc={
                "main": customers_at(provider, label="Northwind account"),
                "other": customers_at(other, label="Mail account", number_claim="", email_domains="mail.example"),
            },
            staff_oidc={"main": staff_at(provider, client_id="northwind-staff")},
            smtp_host="127.0.0.1",
            smtp_port=1,
            smtp_tls="none",
            mail_from="service@northwind.example",
        )
        app = create_app(settings)
        async with serving(app, bound):
            yield Served(origin, app)


class Person:
    """Somebody with a browser of their own, at the portal and at the providers."""

    def __init__(self, origin: str, provider: str) -> None:
        self.provider = provider
        self.here = a_browser(origin)
        self.there = httpx2.AsyncClient(verify=False, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.here.aclose()
        await self.there.aclose()

    async def an_account(self, name: str = "Mallory", **claims: object) -> str:
        """Be known to the providers; gives the login."""
        return await known_at(self.provider, a_subject(name.casefold()), name=name, **claims)

    async def get(self, path: str) -> httpx2.Response:
        """Open a page of the portal, following where it leads within it."""
        response = await self.here.get(path)
        while response.status_code == 303 and _local(response.headers["location"]):
            response = await self.here.get(response.headers["location"])
        return response

    async def log_in(self, login: str, path: str = "/login/start/customer/main") -> httpx2.Response:
        """Follow a link to a provider, be `login` there, and come back."""
        away = await self.here.get(path)
        while _local(away.headers.get("location", "x:")):
            away = await self.here.get(away.headers["location"])
        assert away.status_code == 303, away.text
        back = await self.there.post(away.headers["location"], data={"sub": login})
        assert back.status_code == 302, back.text
        parts = urlsplit(back.headers["location"])
        return await self.get(f"{parts.path}?{parts.query}")

    async def send(self, page: httpx2.Response, path: str, **typed: str) -> httpx2.Response:
        """Send the form of a page that leads to `path`, and go where that leads."""
        response = await self.here.post(path, data={**fields(page.text, path), **typed})
        if response.status_code == 303:
            return await self.get(response.headers["location"])
        return response


class Enter(Protocol):
    async def __call__(self) -> Person: ...


@pytest.fixture
async def somebody(served: Served, provider: str) -> AsyncIterator[Enter]:
    """Gives people, each with a browser of their own."""
    async with AsyncExitStack() as stack:

        async def enter() -> Person:
            return await stack.enter_async_context(Person(served.origin, provider))

        yield enter


@pytest.fixture
async def mallory(somebody: Enter) -> Person:
    """Somebody of whom nothing is known."""
    return await somebody()


@pytest.fixture
async def grace(somebody: Enter) -> Person:
    """An agent who has just logged in."""
    person = await somebody()
    login = await person.an_account("Grace Okafor", roles=["crm-agents"])
    response = await person.log_in(login, "/login/start/staff/main")
    assert response.status_code == 200, response.text
    return person


async def invited(stores: Stores, grace: Person, customer: StoredRecord) -> str:
    """Grace invites a customer and reads out the code."""
    await in_the_crm(stores, customer)
    path = f"/desk/customers/{customer.record.id}/invitation"
    made = await grace.send(await grace.get(path), path, how="show")
    found = CODE.search(made.text)
    assert found is not None, made.text
    return found[1]


async def in_the_crm(stores: Stores, customer: StoredRecord) -> None:
    """Let the customer be a contact of the built-in CRM, as a push would."""
    await stores.worker.database.fetch_all(
        "WITH made AS (INSERT INTO crm.contact (portal_id, number, name) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        " RETURNING id) INSERT INTO crm.search_key (contact_id, key) SELECT id, %s FROM made",
        [customer.record.id, customer.record.number, customer.record.name, customer.record.number.lower()],
    )


async def say_code(person: Person, code: str) -> httpx2.Response:
    """Type a code on the page for it."""
    return await person.send(await person.get("/invitation"), "/invitation", code=code)


async def connect(person: Person, page: httpx2.Response, action: str = "connect") -> httpx2.Response:
    """Answer the question whether to connect."""
    return await person.send(page, "/login/connect", action=action)


async def record_of(stores: Stores, customer: StoredRecord) -> Record:
    stored = await read(stores.worker.database, stores.worker.keys, customer.record.id)
    assert stored is not None
    return stored.record


async def actions_of(stores: Stores, customer: StoredRecord) -> list[str]:
    """What was done about logging in to this record, in order."""
    rows = await stores.worker.database.fetch_all(
        "SELECT action FROM portal.change_record WHERE customer_id = %s AND action LIKE 'login:%%' ORDER BY seq",
        [customer.record.id],
    )
    return [row["action"] for row in rows]


def fields(html: str, path: str) -> dict[str, str]:
    """What the form that leads to `path` carries."""
    start = html.find(f'method="post" action="{path}"')
    assert start >= 0, f"no form to {path}: {html[:3000]}"
    form = html[start : html.find("</form>", start)]
    return {name: unescape(value) for name, value in HIDDEN.findall(form)}


def _local(address: str) -> bool:
    return address.startswith("/")
