"""Customers get templates whose macros stand in the place of their calls, and who works on templates gets them as they
are written: each page of the demo's is the same both ways."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import URL

from portal import app as app_module
from portal import clock
from portal.app import create_app
from portal.demo.load import load as load_demo
from portal.paths import resource
from portal.settings import StaffRole
from portal.web.templates import Templates
from tests.browser.pages import ALICE_ID, PAGES
from tests.conftest import make_settings
from tests.integration.sync_stage import Stage, own_settings, own_stores, own_url, stage
from tests.integration.web.browsing import Served, a_browser, a_session, listening, serving

__all__ = ["own_settings", "own_stores", "own_url", "stage"]

HREF = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
FORM = re.compile(r'<form[^>]* action="(/[^"#]*)[^>]*>(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'<input[^>]* name="([^"]*)"[^>]* value="([^"]*)"')
LEAVES = re.compile("/static/|/logout|/login|/language|/devices|/audit/export|/live")
"""What is no page, or after which one is somebody else."""
MOST = 40
EVERY = [shown.path for shown in PAGES]
STAFF = re.compile("/desk|/audit|/operations|/devices").match
ROOT = resource("templates")
PAGES_OF_TEMPLATES = {
    path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.html") if not path.name.startswith("_")
}
ROLES = (StaffRole.AGENT, StaffRole.AUDITOR, StaffRole.OPERATOR)


class _Still(clock.Clock):
    """Always the same moment and id: what a template asks for is the same in both ways."""

    def __init__(self) -> None:
        super().__init__()
        self._now = clock.now()
        self._id = clock.uuid7()

    def now(self) -> datetime:
        return self._now

    def uuid7(self) -> UUID:
        return self._id


@pytest.fixture
async def served(own_url: URL, stage: Stage, tmp_path: Path) -> AsyncIterator[Served]:
    """The portal with the demo's people, whom the CRM has, too."""
    silent = {"main": {"issuer": "http://localhost:1", "client_id": "portal"}}
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        settings = make_settings(
            own_url, public_url=origin, customer_oidc=silent, staff_oidc=silent, demo_mailbox=tmp_path
        )
        await load_demo(settings, stage.stores.worker)
        await stage.settle()
        async with serving(app := create_app(settings), bound):
            yield Served(origin, app)


@pytest.fixture
def drawn(served: Served) -> Iterator[set[str]]:
    """The templates that were drawn, each time in both ways."""
    static = next(route.app for route in served.app.routes if getattr(route, "name", "") == "static")  # type: ignore[attr-defined]
    as_written = app_module._templates(served.app.state.settings, static, reload=True)
    names: set[str] = set()
    render, render_block = Templates.render, Templates.render_block

    def page(self: Templates, name: str, context: Mapping[str, Any]) -> str:
        names.add(name)
        with clock.replaced(_Still()):
            sent, written = render(self, name, context), render(as_written, name, context)
        return sent if sent == written else f"DIFFERENT: {name}"

    def block(self: Templates, name: str, block: str, context: Mapping[str, Any]) -> str:
        names.add(name)
        with clock.replaced(_Still()):
            sent, written = render_block(self, name, block, context), render_block(as_written, name, block, context)
        return sent if sent == written else f"DIFFERENT: {name}, {block}"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Templates, "render", page)
        patch.setattr(Templates, "render_block", block)
        yield names


@pytest.mark.parametrize("language", ["en", pytest.param("de", marks=pytest.mark.slow)])
async def test_a_page_is_the_same_both_ways(served: Served, stage: Stage, drawn: set[str], language: str) -> None:
    store = stage.stores.staff
    for who, paths in (
        (None, [shown.path for shown in PAGES if shown.who is None]),
        (await a_session(store, customer_id=ALICE_ID, language=language), [p for p in EVERY if "/record" in p]),
        (await a_session(store, roles=ROLES, name="Grace Okafor", language=language), [p for p in EVERY if STAFF(p)]),
    ):
        async with a_browser(served.origin, **(who or {})) as browser:
            browser.headers["accept-language"] = language
            await _send_forms(browser, await _walk(browser, paths))

    assert len(drawn) >= 20, PAGES_OF_TEMPLATES - drawn


async def _walk(browser: httpx2.AsyncClient, paths: list[str]) -> dict[str, str]:
    """Every page that links lead to from some, but for the many of one kind."""
    pages: dict[str, str] = {}
    waiting = list(paths)
    while waiting and len(pages) < MOST:
        path = waiting.pop(0)
        if path in pages:
            continue
        pages[path] = await _asked(browser, "GET", path)
        waiting += [unescape(link) for link in HREF.findall(pages[path]) if not LEAVES.match(link)]
    return pages


async def _send_forms(browser: httpx2.AsyncClient, pages: Mapping[str, str]) -> None:
    """As they stand, and as if they were old, with nothing in them: as htmx sends them, and as a page does."""
    for page in pages.values():
        for action, inside in FORM.findall(page):
            if LEAVES.match(action):
                continue
            hidden = {name: unescape(value) for name, value in FIELD.findall(inside)}
            for headers in ({}, {"hx-request": "true"}):
                await _asked(browser, "POST", unescape(action), data=hidden | {"seq": "1"}, headers=headers)
                await _asked(browser, "POST", unescape(action), data=hidden, headers=headers)


async def _asked(browser: httpx2.AsyncClient, method: str, path: str, **sent: Any) -> str:
    answer = await browser.request(method, path, **sent)
    assert answer.status_code != 500, (method, path, answer.text[-2000:])
    text = answer.text if answer.headers.get("content-type", "").startswith("text/html") else ""
    assert "DIFFERENT" not in text, (method, path, text)
    return text
