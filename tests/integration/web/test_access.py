"""The access matrix: every address, every kind of person, every method, ids that are missing, malformed or another's.

Made from the sitemap, so that a new address is in it from its first day (ASVS 5.0.0: 8.1.1, 8.2.1-2, 8.3.1, 8.4.1).
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import uuid4

import httpx2
import pytest
from starlette.routing import Route

from portal.identity.session import Audience
from portal.record.change import change
from portal.record.read import StoredRecord
from portal.routes import ROUTES
from portal.settings import StaffRole
from portal.web.policy import Policy
from tests.builders import SYSTEM, a_contact_point, a_note, a_window, an_intention
from tests.conftest import Stores
from tests.integration.web.browsing import Served, a_browser, a_session

ROLES = {"grace": StaffRole.AGENT, "oscar": StaffRole.AUDITOR, "olivia": StaffRole.OPERATOR}
UNAVAILABLE = ("/health/ready", "/login", "/login/fresh")
"""They may say that something they need is not there: no identity provider is, in these tests."""

CUSTOMERS = ("alice", "bob")
SAMPLES = {"section": "about", "audience": "customer", "provider": "main", "form": "csv"}
PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")

every_route = pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)


@pytest.fixture
async def cast(
    served: Served, stores: Stores, alice: StoredRecord, bob: StoredRecord
) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    """A browser of each of them."""
    cookies: dict[str, dict[str, str]] = {"stranger": {}}
    for name, customer in (("alice", alice), ("bob", bob)):
        cookies[name] = await a_session(stores.staff, customer_id=customer.record.id, name=name.title())
    for name, role in ROLES.items():
        cookies[name] = await a_session(stores.staff, roles=(role,), name=name.title())
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(a_browser(served.origin, **shown)) for name, shown in cookies.items()
        }


@every_route
async def test_each_person_gets_what_the_policy_says(route: Route, cast: dict[str, httpx2.AsyncClient]) -> None:
    policy: Policy = route.endpoint.policy  # type: ignore[attr-defined]
    for name, browser in cast.items():
        for method in sorted((route.methods or set()) - {"HEAD"}):
            status, location = await _ask(browser, method, address(route))

            who = f"{name} {method} {route.path}: {status}"
            if may_enter(name, policy):
                # Inside there is something, or nothing with such an id. A post without a form's token goes no further.
                if method == "POST":
                    expected = {403} if policy.audience else {200, 303, 400, 403, 404, 422}
                else:
                    expected = {200, 303, 400, 404, 422} | ({503} if route.path in UNAVAILABLE else set())
            elif in_audience(name, policy):
                expected = {403}
            else:
                expected = {401} if method == "POST" else {303}
                assert method == "POST" or location.startswith("/login?"), who
            assert status in expected, who


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if isinstance(route, Route) and ":" in route.path], ids=lambda route: route.path
)
async def test_a_malformed_id_is_an_address_that_does_not_exist(
    route: Route, cast: dict[str, httpx2.AsyncClient]
) -> None:
    policy: Policy = route.endpoint.policy  # type: ignore[attr-defined]
    people = [name for name in cast if name == "stranger" or may_enter(name, policy)]
    for malformed in ("018f0000-0000-7000-8000-00000000000g", "-1", "%2e%2e", "x" * 300):
        path = address(route, malformed)
        for name in people:
            for method in ("GET", "POST"):
                assert (await _ask(cast[name], method, path))[0] == 404, f"{name} {method} {path}"


async def test_what_is_anothers_is_as_if_it_were_not_there(
    cast: dict[str, httpx2.AsyncClient], stores: Stores, alice: StoredRecord
) -> None:
    values = a_note() | a_window() | a_contact_point(rank=9)
    hers = {path.split("/")[0]: path.split("/")[1] for path in values}
    await change(stores.worker, alice.record.id, an_intention("profile:merged", SYSTEM), values)
    for room, collection in (
        ("contact-points", "contact_points"),
        ("contact-windows", "contact_windows"),
        ("notes", "notes"),
    ):
        own = await cast["alice"].get(f"/record/{room}/{hers[collection]}")
        others = await cast["bob"].get(f"/record/{room}/{hers[collection]}")
        missing = await cast["bob"].get(f"/record/{room}/{uuid4()}")
        assert (own.status_code, others.status_code, missing.status_code) == (200, 404, 404)
        assert _words(others.text) == _words(missing.text)


@every_route
async def test_methods_that_an_address_does_not_have_are_refused(
    route: Route, cast: dict[str, httpx2.AsyncClient]
) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - (route.methods or set()):
        assert (await _ask(cast["alice"], method, address(route)))[0] == 405


def address(route: Route, id: str | None = None) -> str:
    """The route's address, with ids of things that do not exist, or with this for an id."""

    def sample(parameter: re.Match[str]) -> str:
        name, kind = parameter.groups()
        if kind:
            return id or (str(uuid4()) if kind == "uuid" else "1")
        return SAMPLES[name]

    return PARAMETER.sub(sample, route.path)


def in_audience(name: str, policy: Policy) -> bool:
    if policy.audience is None:
        return True
    return name in CUSTOMERS if policy.audience is Audience.CUSTOMER else name in ROLES


def may_enter(name: str, policy: Policy) -> bool:
    return in_audience(name, policy) and (not policy.roles or ROLES.get(name) in policy.roles)


async def _ask(browser: httpx2.AsyncClient, method: str, path: str) -> tuple[int, str]:
    """Status and way on; the body is not waited for, because some never end."""
    async with browser.stream(method, path) as response:
        return response.status_code, response.headers.get("location", "")


def _words(page: str) -> str:
    """A page without what is another one in each response."""
    return re.sub(r'(nonce|value)="[^"]*"', "", page)
