"""How often somebody may try, on however many machines, and from behind whatever."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import httpx2
import psycopg
import pytest
from sqlalchemy import URL
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from portal import app as app_module
from portal.app import create_app
from portal.settings import Settings
from portal.web.limits import Attempt, client_of, count, network
from portal.web.policy import public
from portal.web.static import StaticFiles
from portal.web.templates import Templates
from tests.conftest import Stores, make_settings
from tests.integration.web.browsing import a_browser, listening, serving

pytestmark = pytest.mark.asvs("2.4.1", "6.6.3")

NOBODY = {"main": {"issuer": "http://127.0.0.1:9", "client_id": "portal"}}
PASSED = 503
"""What a login gets here that is let through: its provider does not answer."""

OVER_HTTPS = "https://localhost"
HERE, THERE = "198.51.100.7", "198.51.100.8"


async def _code(request: Request) -> Response:
    """Enter a code: only one of them exists."""
    await count(request, Attempt.CODE, target=request.path_params["code"])
    return PlainTextResponse("yes" if request.path_params["code"] == "right" else "no")


class Machines:
    """Two web processes behind one proxy, on one database."""

    def __init__(self, url: URL, stack: AsyncExitStack) -> None:
        self._url, self._stack = url, stack
        # Keys of their own: nothing that other tests try is counted here.
        self._key = base64.b64encode(os.urandom(32)).decode()

    async def two(self, **limits: object) -> tuple[httpx2.AsyncClient, httpx2.AsyncClient]:
        return await self.one(**limits), await self.one(**limits)

    async def one(self, **settings: object) -> httpx2.AsyncClient:
        bound = self._stack.enter_context(listening())
        origin = f"http://localhost:{bound.getsockname()[1]}"
        app = create_app(
            make_settings(
                self._url,
                key_encryption_key=self._key,
                customer_oidc=NOBODY,
                **{"public_url": origin, "trusted_proxies": "127.0.0.1", **settings},
            )
        )
        app.router.routes.insert(0, Route("/test/code/{code}", public(_code)))
        await self._stack.enter_async_context(serving(app, bound))
        return await self._stack.enter_async_context(a_browser(origin))


@pytest.fixture(scope="module", autouse=True)
def templates_compiled_once() -> Iterator[None]:
    """Each process compiles all of them, which would take most of the time here."""
    compiled: list[Templates] = []

    def once(settings: Settings, static: StaticFiles, *, reload: bool) -> Templates:
        if not compiled:
            compiled.append(as_ever(settings, static, reload=reload))
        return compiled[0]

    as_ever = app_module._templates
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app_module, "_templates", once)
        yield


@pytest.fixture
def wait(database_url: URL) -> Callable[[float], None]:
    """As if so many seconds had passed for whatever is counted."""
    address = database_url.set(drivername="postgresql").render_as_string(hide_password=False)

    def pass_by(seconds: float) -> None:
        with psycopg.connect(address, autocommit=True) as owner:
            owner.execute("UPDATE portal.attempt SET taken_until = taken_until - %s * interval '1 second'", [seconds])

    return pass_by


@pytest.fixture
async def machines(database_url: URL) -> AsyncIterator[Machines]:
    async with AsyncExitStack() as stack:
        yield Machines(database_url, stack)


async def tried(browser: httpx2.AsyncClient, address: str | None = HERE, path: str = "/login") -> int:
    headers = {"x-forwarded-for": address} if address else {}
    return (await browser.get(path, headers=headers)).status_code


async def test_machines_share_one_count(machines: Machines) -> None:
    one, other = await machines.two(limit_logins_per_address=4)

    assert [await tried(browser) for browser in (one, other, one, other)] == [PASSED] * 4
    assert [await tried(browser) for browser in (one, other)] == [429, 429]
    assert await tried(one, THERE) == PASSED, "somebody else is not held off"


async def test_at_the_same_moment_no_more_get_through_than_one_after_the_other(machines: Machines) -> None:
    one, other = await machines.two(limit_logins_per_address=10)

    answers = await asyncio.gather(*(tried(browser) for browser in [one, other] * 20))

    assert sorted(answers) == [429] * 30 + [PASSED] * 10


@pytest.mark.parametrize(
    "path", ["/login", "/login/start/customer/main", "/login/callback/customer/main?state=x", "/login/fresh"]
)
async def test_each_step_of_a_login_counts(machines: Machines, path: str) -> None:
    portal = await machines.one(limit_logins_per_address=2)

    answers = [await tried(portal, path=path) for _ in range(3)]

    assert 429 not in answers[:2] and answers[2] == 429


async def test_a_provider_that_ends_sessions_is_counted_too(machines: Machines) -> None:
    portal = await machines.one(limit_logouts_per_address=2)
    portal.headers["x-forwarded-for"] = HERE

    answers = [(await portal.post("/login/ended/customer/main", data={"logout_token": "x"})) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [400, 400, 429]


class TestWhoIsCounted:
    """ASVS 5.0.0: what a client says about its own address is not believed."""

    async def test_without_a_proxy_it_is_the_connection_whatever_it_says(self, machines: Machines) -> None:
        portal = await machines.one(trusted_proxies="", limit_logins_per_address=2)

        assert [await tried(portal, f"203.0.113.{n}") for n in range(3)] == [PASSED, PASSED, 429]

    async def test_behind_a_proxy_it_is_what_the_proxy_says_and_not_what_came_before(self, machines: Machines) -> None:
        portal = await machines.one(limit_logins_per_address=2)

        answers = [await tried(portal, f"203.0.113.{n}, {HERE}") for n in range(3)]

        assert answers == [PASSED, PASSED, 429]
        assert await tried(portal, f"{HERE}, {THERE}") == PASSED

    async def test_behind_two_proxies_it_is_the_first_that_is_none_of_them(self, machines: Machines) -> None:
        portal = await machines.one(trusted_proxies="127.0.0.1,10.0.0.0/8", limit_logins_per_address=1)

        assert await tried(portal, f"{HERE}, 10.1.2.3") == PASSED
        assert await tried(portal, f"{HERE}, 10.9.9.9") == 429

    @pytest.mark.parametrize("proxies", ["10.0.0.0/8", "none", ""])
    async def test_who_comes_past_the_proxies_is_counted_by_the_connection(
        self, machines: Machines, proxies: str
    ) -> None:
        portal = await machines.one(public_url=OVER_HTTPS, trusted_proxies=proxies, limit_logins_per_address=2)

        assert [await tried(portal, f"203.0.113.{n}") for n in range(4)] == [PASSED, PASSED, 429, 429]

    async def test_over_https_it_is_what_a_proxy_of_ours_says(self, machines: Machines) -> None:
        portal = await machines.one(public_url=OVER_HTTPS, limit_logins_per_address=1)

        assert [await tried(portal, address) for address in (HERE, HERE, THERE)] == [PASSED, 429, PASSED]

    def test_a_connection_without_an_address_is_counted_with_all_others_of_its_kind(self) -> None:
        assert client_of(Request({"type": "http", "state": {"client_address": None}})) == "no address"

    async def test_of_an_ipv6_address_it_is_the_network(self, machines: Machines) -> None:
        portal = await machines.one(limit_logins_per_address=2)

        same = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2:3:4:5:6"]
        assert [await tried(portal, address) for address in same] == [PASSED, PASSED, 429]
        assert await tried(portal, "2001:db8:1:3::1") == PASSED

    async def test_an_ipv4_address_within_ipv6_is_itself(self, machines: Machines) -> None:
        portal = await machines.one(limit_logins_per_address=1)

        assert await tried(portal, f"::ffff:{HERE}") == PASSED
        assert await tried(portal, f"::ffff:{THERE}") == PASSED
        assert await tried(portal, HERE) == 429


def test_what_stands_for_one_client() -> None:
    assert network("192.0.2.7") == "192.0.2.7"
    assert network("2001:db8::1") == network("2001:db8::ffff") == "2001:db8::/64"
    assert network("fe80::1%eth0") == "fe80::/64"


class TestTargets:
    async def test_a_target_is_counted_from_wherever_it_is_aimed_at(self, machines: Machines) -> None:
        one, other = await machines.two(limit_codes_per_target=3)

        answers = [
            await tried(browser, f"203.0.113.{n}", "/test/code/right")
            for n, browser in enumerate([one, other, one, other])
        ]

        assert answers == [200, 200, 200, 429]
        assert await tried(one, HERE, "/test/code/another") == 200

    async def test_who_is_held_off_learns_nothing_about_the_target(self, machines: Machines) -> None:
        portal = await machines.one(limit_codes_per_target=1, limit_codes_per_address=100)
        portal.headers["x-forwarded-for"] = HERE
        for code in ("right", "wrong"):
            await portal.get(f"/test/code/{code}")

        right, wrong = [await portal.get(f"/test/code/{code}") for code in ("right", "wrong")]

        assert right.status_code == wrong.status_code == 429
        assert right.headers["retry-after"] == wrong.headers["retry-after"]
        assert _words(right.text) == _words(wrong.text)

    async def test_who_is_held_off_by_address_uses_up_no_target(self, machines: Machines) -> None:
        portal = await machines.one(limit_codes_per_target=3, limit_codes_per_address=1)
        for _ in range(10):
            await tried(portal, HERE, "/test/code/hers")

        assert [await tried(portal, f"203.0.113.{n}", "/test/code/hers") for n in range(3)] == [200, 200, 429]

    async def test_logins_and_codes_do_not_use_up_each_other(self, machines: Machines) -> None:
        portal = await machines.one(limit_codes_per_address=1, limit_logins_per_address=1)

        assert await tried(portal) == PASSED
        assert await tried(portal, path="/test/code/x") == 200


async def test_nought_is_no_limit(machines: Machines) -> None:
    portal = await machines.one(limit_logins_per_address=0, limit_codes_per_address=0, limit_codes_per_target=0)

    assert {await tried(portal) for _ in range(20)} == {PASSED}
    assert {await tried(portal, path="/test/code/x") for _ in range(20)} == {200}


async def test_time_makes_room_one_by_one(machines: Machines, stores: Stores, wait: Callable[[float], None]) -> None:
    # Given ten in ten minutes, used up
    portal = await machines.one(limit_logins_per_address=10)
    portal.headers["x-forwarded-for"] = HERE
    for _ in range(10):
        await portal.get("/login")
    refused = await portal.get("/login")
    assert 59 <= int(refused.headers["retry-after"]) <= 60

    # When a minute has passed, there is room for one more, and for one only
    wait(60)
    assert [(await portal.get("/login")).status_code for _ in range(2)] == [PASSED, 429]

    # And after ten minutes for all of them
    wait(600)
    assert [(await portal.get("/login")).status_code for _ in range(11)] == [PASSED] * 10 + [429]


async def test_what_has_run_down_is_removed_and_nothing_says_who_it_was(
    machines: Machines, stores: Stores, wait: Callable[[float], None]
) -> None:
    portal = await machines.one(limit_logins_per_address=10)
    await tried(portal)
    rows = await stores.staff.database.fetch_all("SELECT key FROM portal.attempt")
    assert rows and all(len(row["key"]) == 32 and HERE.encode() not in bytes(row["key"]) for row in rows)

    wait(3_600)
    await stores.worker.database.fetch_all("SELECT portal.identity_purge_v2()")

    assert await stores.staff.database.fetch_all("SELECT key FROM portal.attempt") == []


class TestHowItIsTold:
    @pytest.fixture
    async def held_off(self, machines: Machines) -> httpx2.AsyncClient:
        portal = await machines.one(limit_logins_per_address=1)
        portal.headers["x-forwarded-for"] = HERE
        await portal.get("/login")
        return portal

    async def test_as_a_page(self, held_off: httpx2.AsyncClient) -> None:
        answer = await held_off.get("/login")

        assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 590
        assert "There were too many attempts in a short time. Nothing is lost." in answer.text
        assert "Please try again in 10 minutes." in answer.text

    async def test_in_german(self, held_off: httpx2.AsyncClient) -> None:
        answer = await held_off.get("/login", headers={"accept-language": "de"})

        assert "Bitte versuchen Sie es in 10 Minuten noch einmal." in answer.text

    async def test_as_a_notice_on_an_open_page(self, held_off: httpx2.AsyncClient) -> None:
        answer = await held_off.get("/login", headers={"hx-request": "true"})

        assert (answer.status_code, answer.headers["hx-retarget"]) == (429, "#notice")
        assert answer.headers["retry-after"] and "<html" not in answer.text

    async def test_to_a_program(self, held_off: httpx2.AsyncClient) -> None:
        answer = await held_off.get("/login", headers={"accept": "application/json"})

        assert answer.headers["content-type"] == "application/problem+json" and answer.headers["retry-after"]
        assert answer.json()["status"] == 429


def _words(page: str) -> str:
    return page.split("<main")[1].split("</main>")[0]
