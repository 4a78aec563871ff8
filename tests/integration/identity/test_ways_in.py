"""How one comes in: by an act of one's own, on the one way there is, with few statements, and not without a trace."""

import ast
import logging
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import portal
from portal import logs
from portal.db.database import Database
from portal.record.read import StoredRecord
from tests.integration.identity.browser import Browser, asked
from tests.integration.identity.conftest import Doors
from tests.integration.identity.hostile import HostileProvider

CLICK = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}


@pytest.fixture
async def browser(besieged: Doors) -> AsyncIterator[Browser]:
    async with besieged.browser() as made:
        yield made


class TestByAnAct:
    """Somebody who is still logged in at the provider would get a session without having asked for one."""

    @pytest.mark.asvs("7.6.2")
    @pytest.mark.parametrize("path", ["/login?next=/record", "/login/start/customer/main?next=/record"])
    @pytest.mark.parametrize(
        "headers",
        [
            CLICK,
            CLICK | {"sec-fetch-site": "same-site"},
            CLICK | {"sec-fetch-dest": "iframe", "sec-fetch-user": "?1"},
            CLICK | {"sec-fetch-dest": "image", "sec-fetch-mode": "no-cors"},
        ],
        ids=["a page leads here", "a sibling's page leads here", "in a frame", "as a picture"],
    )
    async def test_another_sites_page_begins_no_login(
        self, browser: Browser, path: str, headers: dict[str, str]
    ) -> None:
        response = await browser.here.get(path, headers=headers)
        assert response.status_code == 200 and not browser.here.cookies
        assert 'href="/login/start/customer/main?next=%2Frecord"' in response.text, "one click, if it is wanted"

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"sec-fetch-site": "none", "sec-fetch-dest": "document", "sec-fetch-user": "?1"},
            {"sec-fetch-site": "same-origin", "sec-fetch-dest": "document"},
            CLICK | {"sec-fetch-user": "?1"},
        ],
        ids=["a browser that does not say", "typed", "from a page of ours", "a link that was clicked"],
    )
    async def test_a_person_who_wants_in_goes_straight_on(self, browser: Browser, headers: dict[str, str]) -> None:
        assert (await browser.here.get("/login", headers=headers)).status_code == 303


async def come_back(browser: Browser, hostile: HostileProvider, **claims: object) -> Any:
    wanted = asked(await browser.begin("/login/start/customer/main"))
    hostile.vouch(wanted, **claims)
    return await browser.come_back(f"{wanted['redirect_uri']}?state={wanted['state']}&code=the-code")


@pytest.fixture
def lines(besieged: Doors) -> Iterator[list[dict[str, Any]]]:
    """What is logged meanwhile, as production logs it."""
    told: list[dict[str, Any]] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if isinstance(record.msg, dict):
                told.append(record.msg)

    logs.configure(besieged.settings)
    listener = Listener()
    logging.getLogger("portal").addHandler(listener)
    yield told
    logging.getLogger("portal").removeHandler(listener)


@pytest.mark.asvs("16.3.1", "16.2.5")
async def test_each_login_is_logged_with_what_became_of_it_and_no_secret(
    browser: Browser, hostile: HostileProvider, alice: StoredRecord, lines: list[dict[str, Any]]
) -> None:
    subject = f"alice-{alice.record.number}"
    assert (await come_back(browser, hostile, sub=subject, customer_number=alice.record.number)).status_code == 303
    assert (await come_back(browser, hostile, nonce="of another login")).status_code == 400
    assert (await browser.come_back("/login/callback/customer/main?state=x&code=y")).status_code == 400
    hostile.answers["/token"] = (401, {"error": "invalid_client"})
    assert (await come_back(browser, hostile)).status_code == 503

    came, forged, nobodys, mistaken = (line for line in lines if line["event"] in ("logged in", "login failed"))
    assert (came["audience"], came["provider"]) == ("customer", "main") and came["who"]
    assert (forged["kind"], forged["why"]) == ("Refused", "ID token: nonce is not that of this login")
    assert (nobodys["kind"], nobodys["why"]) == ("Refused", "callback: no state")
    assert (mistaken["kind"], mistaken["level"]) == ("ProviderMistaken", "error"), "for whoever runs the portal"
    told = str(lines)
    for secret in (
        browser.cookie("portal_session"),
        "the-code",
        "an-access-token",
        subject,
        alice.record.number,
        "eyJ",
    ):
        assert secret and secret not in told


@pytest.mark.asvs("6.3.4")
def test_a_session_begins_where_a_provider_has_vouched_and_nowhere_else() -> None:
    """No back door: whatever begins a session gets its proof from `flow.arrive`, which one view alone calls."""
    assert callers("begin", of="lifecycle") == {
        "portal/identity/arrived/login.py",
        "portal/identity/arrived/step_up.py",
        "portal/linking/connect_views.py",  # what arrived and was not known, once its person has said yes
    }
    assert callers("arrive") == {"portal/identity/views.py"}


def callers(name: str, *, of: str | None = None) -> set[str]:
    """The modules of the portal that call a function by its name, or as an attribute of a module."""
    root = Path(portal.__file__).parents[1]
    return {
        str(path.relative_to(root))
        for path in (root / "portal").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _is(node.func, name, of)
    }


def _is(called: ast.expr, name: str, of: str | None) -> bool:
    if of is None:
        return isinstance(called, ast.Name) and called.id == name
    return (
        isinstance(called, ast.Attribute)
        and called.attr == name
        and isinstance(called.value, ast.Name)
        and called.value.id == of
    )


class TestStatements:
    """Each is a round trip to the database; a login is on everybody's way."""

    @pytest.fixture
    def asked_for(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        run, found = Database._run, list[str]()

        async def counted(self: Database, sql: str, params: Any, binary: bool) -> Any:
            found.append(" ".join(sql.split())[:60])
            return await run(self, sql, params, binary)

        monkeypatch.setattr(Database, "_run", counted)
        return found

    async def test_a_login_takes_four(
        self, browser: Browser, hostile: HostileProvider, alice: StoredRecord, asked_for: list[str]
    ) -> None:
        claims = {"sub": f"alice-{alice.record.number}", "customer_number": alice.record.number}
        await come_back(browser, hostile, **claims)  # the first one links
        browser.here.cookies.clear()
        asked_for.clear()
        assert (await come_back(browser, hostile, **claims)).status_code == 303
        counting = [sql for sql in asked_for if "attempt" in sql]
        assert len(asked_for) - len(counting) == 4, asked_for

    async def test_a_fresh_login_takes_no_more_than_looking_who_is_there(
        self, browser: Browser, hostile: HostileProvider, alice: StoredRecord, asked_for: list[str]
    ) -> None:
        claims = {"sub": f"alice-{alice.record.number}", "customer_number": alice.record.number}
        await come_back(browser, hostile, auth_time=int(time.time()) - 3_600, **claims)
        stopped = await browser.here.get("/record/safe")
        asked_for.clear()
        wanted = asked(await browser.begin(stopped.headers["location"]))
        hostile.vouch(wanted, auth_time=int(time.time()), **claims)
        response = await browser.come_back(f"{wanted['redirect_uri']}?state={wanted['state']}&code=abc")
        assert response.headers["location"] == "/record/safe"
        counting = [sql for sql in asked_for if "attempt" in sql]
        assert len(asked_for) - len(counting) == 6, asked_for
