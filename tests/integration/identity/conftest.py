"""A small portal that has only doors, and two providers: the demo's, as a process, and one that can be hostile."""

import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache

import httpx2
import psycopg
import pytest
from sqlalchemy import URL
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from portal.identity import outcome_views, published, views
from portal.identity.client_keys import ClientKeys
from portal.identity.ended import ended
from portal.identity.providers import Providers
from portal.identity.session import Audience
from portal.paths import resource
from portal.services import Services
from portal.settings import Settings, StaffRole
from portal.web.error_pages import ErrorMiddleware
from portal.web.policy import customers, known_viewer, public, staff, viewer
from portal.web.templates import Templates
from tests.conftest import Stores, make_settings
from tests.integration.identity.browser import Browser
from tests.integration.identity.hostile import HostileProvider


class Doors:
    """The identity views on their real addresses, and one room for each audience that says who is in it."""

    def __init__(self, settings: Settings, stores: Stores, providers: Providers) -> None:
        self.settings = settings
        self.services = Services(settings, stores.staff.catalogue, stores.customer, stores.staff)
        self.providers = providers
        self.app = Starlette(routes=_routes(), middleware=[Middleware(ErrorMiddleware)])
        self.app.state.settings = settings
        self.app.state.templates = _templates(settings.brand_name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = {
            "services": self.services,
            "providers": self.providers,
            "client_address": "192.0.2.7",
            "csp_nonce": "n",
        }
        await self.app(scope, receive, send)

    def browser(self) -> Browser:
        """Another person's, with no cookies in it."""
        return Browser(self)


@cache
def _templates(brand_name: str) -> Templates:
    paths = {route.name: route.path_format for route in _routes()}

    def url(name: str, **params: object) -> str:
        return paths[name].format_map(params)

    return Templates(
        resource("templates"),
        static_url=lambda name: f"/static/{name}",
        globals={"url": url, "brand": {"name": brand_name, "logo": None}},
    )


async def _who(request: Request) -> Response:
    session = viewer(request)
    return JSONResponse(
        {
            "name": session.name,
            "customer": str(session.customer_id or ""),
            "staff": str(session.staff_id or ""),
            "roles": sorted(session.roles),
            "language": session.language,
            "form_secret": session.form_secret.hex(),
        }
    )


def _is_secret(request: Request) -> bool:
    return bool(request.path_params["part"] == "secret")


async def _home(request: Request) -> Response:
    session = await known_viewer(request)
    return JSONResponse({"name": session.name if session else None})


def _routes() -> list[Route]:
    nothing = public(_home)
    return [
        Route("/", nothing, name="home"),
        Route("/login", public(views.login), name="login"),
        Route("/login/start/{audience}/{provider}", public(views.start), name="login_start"),
        Route("/login/callback/{audience}/{provider}", public(views.callback), name="login_callback"),
        Route("/login/outcome", public(outcome_views.outcome), name="login_outcome"),
        Route("/login/fresh", public(views.fresh), name="login_fresh"),
        Route("/login/ended/{audience}/{provider}", public(ended), methods=["POST"], name="login_ended"),
        Route("/.well-known/jwks.json", public(published.jwks), name="client_keys"),
        Route("/logout", public(views.logout), methods=["POST"], name="logout"),
        Route("/language", nothing, methods=["POST"], name="language"),
        Route("/record", customers(_who), name="record"),
        Route("/record/changes", customers(_who), name="changes"),
        Route("/record/safe", customers(_who, fresh=True), methods=["GET", "POST"], name="record_safe"),
        Route("/record/part/{part}", customers(_who, fresh=_is_secret), name="record_part"),
        Route("/desk/safe", staff(StaffRole.AGENT)(_who, fresh=True), name="desk_safe"),
        Route("/record/devices", customers(_who), name="record_devices"),
        Route("/record/logins", customers(_who), name="record_logins"),
        Route("/devices", staff(*StaffRole)(_who), name="devices"),
        Route("/desk", staff(StaffRole.AGENT)(_who), name="desk"),
        Route("/desk/logins", staff(StaffRole.AGENT)(_who), name="desk_logins"),
        Route("/audit", staff(StaffRole.AUDITOR)(_who), name="audit"),
        Route("/audit/events", staff(StaffRole.AUDITOR)(_who), name="audit_events"),
        Route("/operations", staff(StaffRole.OPERATOR)(_who), name="operations"),
    ]


@asynccontextmanager
async def opened(settings: Settings, stores: Stores) -> AsyncIterator[Doors]:
    keys = ClientKeys(stores.staff.database, stores.staff.keys)
    async with Providers(settings, keys) as providers:
        yield Doors(settings, stores, providers)


def settings_for(database_url: URL, issuer: str, **changes: object) -> Settings:
    """Settings whose providers are both at one address."""
    return make_settings(
        database_url,
        **{
            "customer_oidc": {"main": customers_at(issuer)},
            "staff_oidc": {"main": staff_at(issuer)},
            **changes,
        },
    )


def customers_at(issuer: str, **changes: object) -> dict[str, object]:
    """Settings of a customers' provider."""
    values = {
        "issuer": issuer,
        "client_id": "portal-customers",
        "client_secret": "secret",
        "number_claim": "customer_number",
    }
    return values | changes


def staff_at(issuer: str, **changes: object) -> dict[str, object]:
    """Settings of a staff provider."""
    values = {
        "issuer": issuer,
        "client_id": "portal-staff",
        "client_secret": "secret",
        "roles": "crm-agents=agent, crm-audit=auditor, ops=operator",
    }
    return values | changes


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """The demo's provider as a process of its own: gives its issuer."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.dev.provider", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    issuer = f"http://localhost:{port}"
    try:
        _wait_for(f"{issuer}/.well-known/openid-configuration", process)
        yield issuer
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            httpx2.get(url, timeout=1)
            return
        except httpx2.TransportError:
            assert process.poll() is None and time.monotonic() < deadline, "the provider does not start"
            time.sleep(0.05)


@pytest.fixture
async def doors(database_url: URL, stores: Stores, provider: str) -> AsyncIterator[Doors]:
    """The portal with the demo's provider."""
    async with opened(settings_for(database_url, provider), stores) as made:
        yield made


@pytest.fixture
def hostile() -> Iterator[HostileProvider]:
    with HostileProvider() as made:
        yield made


@pytest.fixture
async def besieged(database_url: URL, stores: Stores, hostile: HostileProvider) -> AsyncIterator[Doors]:
    """The portal with a provider that says whatever a test wants it to say."""
    async with opened(settings_for(database_url, hostile.issuer), stores) as made:
        yield made


@pytest.fixture(scope="session")
def owner(database_url: URL) -> Iterator[psycopg.Connection]:
    """Past every policy, to look and to move times behind the portal's back."""
    url = database_url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


CUSTOMER, STAFF = Audience.CUSTOMER, Audience.STAFF
