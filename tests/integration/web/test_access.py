"""The access matrix: every address, every method, everybody; with ids of one's own, another's, missing and malformed.

It is made from the sitemap, so a new address is in it from its first day, and fails until it is listed in access.py.
"""

import re
from collections.abc import Mapping
from uuid import uuid4

import httpx2
import pytest
from starlette.routing import Route

from portal.identity.session import Audience
from portal.record.read import read
from portal.web.policy import Policy
from tests.conftest import Stores
from tests.integration.rooms.forms_on_page import form_to
from tests.integration.web.access import (
    CUSTOMERS,
    EVERYBODY,
    LISTED,
    ROLES,
    STAFF,
    Cast,
    Theirs,
    address,
    all_routes,
    has_ids,
    methods,
    parameters_that_are_ids,
)
from tests.integration.web.browsing import form_token

MALFORMED = ("018f0000-0000-7000-8000-00000000000g", "-1", "%2e%2e", "x" * 300)

SERVED = {200, 303, 400, 404, 422}
"""Inside there is something, or nothing with such an id. What is asked for may be incomplete."""

WITHOUT_TOKEN = 403
"""A post without a form's token goes no further."""

# They may say that what they need is not there: no identity provider is, in these tests.
UNAVAILABLE = tuple(
    path for path in LISTED if path == "/health/ready" or path.startswith(("/login", "/record/logins/add"))
)

every_route = pytest.mark.parametrize("route", all_routes(), ids=lambda route: route.path)
every_route_with_ids = pytest.mark.parametrize(
    "route", [route for route in all_routes() if has_ids(route)], ids=lambda route: route.path
)
every_route_with_ids_of_customers = pytest.mark.parametrize(
    "route",
    [route for route in all_routes() if has_ids(route) and LISTED.get(route.path) == CUSTOMERS],
    ids=lambda route: route.path,
)

BUTTON = re.compile(r'<button[^>]* name="(action)" value="(\w+)"')

Typed = Mapping[str, str | list[str]]


def test_every_address_is_listed_and_every_listed_one_is_there() -> None:
    assert {route.path for route in all_routes()} == set(LISTED)


@every_route
@pytest.mark.asvs("8.2.1")
def test_the_sitemap_says_the_same_as_the_list(route: Route) -> None:
    policy: Policy = route.endpoint.policy  # type: ignore[attr-defined]
    inside = {
        None: EVERYBODY,
        Audience.CUSTOMER: CUSTOMERS,
        Audience.STAFF: {name for name in STAFF if not policy.roles or ROLES[name] in policy.roles},
    }[policy.audience]

    assert inside == LISTED[route.path]


@every_route
@pytest.mark.asvs("8.2.1", "8.3.1")
async def test_each_person_gets_what_the_list_says(route: Route, cast: Cast, alices: Theirs) -> None:
    listed = LISTED[route.path]
    for name, browser in cast.items():
        for method in methods(route):
            ids = alices.ids_in(route.path) if has_ids(route) else {}
            status, location = await _ask(browser, method, address(route, ids))

            who = f"{name} {method} {route.path}: {status}"
            if name in listed:
                expected = SERVED | ({503} if route.path in UNAVAILABLE else set()) | {403, 415}
                if method == "POST" and listed != EVERYBODY:
                    expected = {WITHOUT_TOKEN}
            elif name in (CUSTOMERS if listed <= CUSTOMERS else STAFF):
                expected = {403}
            else:
                expected = {401} if method == "POST" else {303}
                assert method == "POST" or location.startswith("/login?"), who
            assert status in expected, who


@every_route_with_ids_of_customers
@pytest.mark.asvs("6.3.8", "8.2.2", "8.4.1")
async def test_what_is_anothers_is_as_if_it_were_not_there(
    route: Route, cast: Cast, stores: Stores, alices: Theirs, bobs: Theirs
) -> None:
    """Whatever way it is asked for; also with all that the owner's own form would send, and by each of its buttons."""
    before = await _seq(stores, bobs)
    for method, data in await _ways_to_ask(route, cast["alice"], alices):
        told = []
        for ids in (bobs.ids_in(route.path), {name: uuid4() for name in parameters_that_are_ids(route)}):
            path = address(route, ids)
            answer = await cast["alice"].request(method, path, data=data)
            assert answer.status_code == 404, f"{method} {path} {data}"
            told.append((_words(answer, path), _headers(answer)))
        assert told[0] == told[1]
    assert await _seq(stores, bobs) == before


async def _ways_to_ask(route: Route, browser: httpx2.AsyncClient, own: Theirs) -> list[tuple[str, Typed | None]]:
    """How the owner of a thing looks at it, and what the buttons there send."""
    hers = address(route, own.ids_in(route.path))
    if "GET" not in methods(route):
        return [("POST", {"form_token": form_token((await browser.get("/record")).text)})]
    page = await browser.get(hers)
    assert page.status_code == 200
    if "POST" not in methods(route):
        return [("GET", None)]
    typed = form_to(page.text, hers).fields
    buttons = [{name: value} for name, value in sorted(set(BUTTON.findall(page.text)))]
    return [("GET", None), *(("POST", typed | button) for button in buttons or [{}])]


@every_route_with_ids
@pytest.mark.asvs("2.2.1", "8.2.2")
async def test_an_id_that_is_missing_or_malformed_is_an_address_that_does_not_exist(route: Route, cast: Cast) -> None:
    names = parameters_that_are_ids(route)
    for made_up in MALFORMED:
        for name in ("stranger", *LISTED[route.path]):
            for method in methods(route):
                path = address(route, dict.fromkeys(names, made_up))
                assert (await _ask(cast[name], method, path))[0] == 404, f"{name} {method} {path}"
    path = address(route, {name: 99 if name == "seq" else uuid4() for name in names})
    for name in LISTED[route.path]:
        if "GET" in methods(route):
            answer = await cast[name].get(path, follow_redirects=True)
            assert answer.status_code == 404, f"{name} GET {path}"


@every_route
@pytest.mark.asvs("3.5.3")
async def test_methods_that_an_address_does_not_have_are_refused(route: Route, cast: Cast, alices: Theirs) -> None:
    path = address(route, alices.ids_in(route.path) if has_ids(route) else {})
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - (route.methods or set()):
        assert (await _ask(cast["alice"], method, path))[0] == 405


@pytest.mark.asvs("3.5.3")
async def test_looking_everywhere_changes_nothing(cast: Cast, stores: Stores, alices: Theirs) -> None:
    before = await _seq(stores, alices)
    for route in all_routes():
        if "GET" in methods(route):
            path = address(route, alices.ids_in(route.path) if has_ids(route) else {})
            for browser in cast.values():
                await _ask(browser, "GET", path)
    assert await _seq(stores, alices) == before


@every_route
@pytest.mark.asvs("7.4.4")
async def test_every_page_of_who_is_logged_in_leads_to_the_way_out(route: Route, cast: Cast, alices: Theirs) -> None:
    if "GET" not in methods(route) or LISTED[route.path] == EVERYBODY or route.path.endswith("/live"):
        return
    for name in LISTED[route.path]:
        ids = alices.ids_in(route.path) if has_ids(route) else {}
        answer = await cast[name].get(address(route, ids))
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert form_to(answer.text, "/logout"), f"{name} {route.path}"


async def _ask(browser: httpx2.AsyncClient, method: str, path: str) -> tuple[int, str]:
    """Status and way on; the body is not waited for, because some never end."""
    async with browser.stream(method, path) as response:
        return response.status_code, response.headers.get("location", "")


async def _seq(stores: Stores, theirs: Theirs) -> int:
    stored = await read(stores.worker.database, stores.worker.keys, theirs.customer)
    assert stored is not None
    return stored.record.seq


def _words(answer: httpx2.Response, path: str) -> str:
    """A page without what is another one in each response."""
    page = re.sub(r'(nonce|value)="[^"]*"', "", answer.text)
    return page.replace(answer.headers["x-request-id"], "").replace(path, "")


def _headers(answer: httpx2.Response) -> dict[str, str]:
    changing = ("content-security-policy", "content-length", "date", "x-request-id")
    return {name: value for name, value in answer.headers.items() if name not in changing}
