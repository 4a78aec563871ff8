"""The web application, put together: routes, what every request passes on its way, and what a process holds."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypedDict

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Lifespan

from portal.audit.cipher import KeyRing
from portal.catalogue import Catalogue, load
from portal.crm import connectors
from portal.db.database import Database, Role
from portal.identity.client_keys import ClientKeys
from portal.identity.providers import Providers
from portal.paths import resource
from portal.record.store import RecordStore
from portal.routes import DEMO, ROUTES
from portal.services import Services
from portal.settings import Settings
from portal.web.access_log import AccessLogMiddleware
from portal.web.address import AddressMiddleware
from portal.web.announcements import Announcements
from portal.web.body_limit import BodyLimitMiddleware
from portal.web.brand import brand, overrides
from portal.web.client_address import ClientAddressMiddleware, parse_networks
from portal.web.compression import CompressionMiddleware
from portal.web.cross_origin import CrossOriginMiddleware
from portal.web.error_pages import ErrorMiddleware, respond
from portal.web.language import LanguageMiddleware
from portal.web.metrics import MetricsMiddleware
from portal.web.public_host import PublicHostMiddleware
from portal.web.request_id import RequestIdMiddleware
from portal.web.security_headers import SecurityHeadersMiddleware
from portal.web.shutdown import at_first_signal
from portal.web.static import BUNDLES, StaticFiles
from portal.web.templates import Templates


class State(TypedDict):
    """What the lifespan gives to every request, as `request.state`."""

    services: Services
    announcements: Announcements
    providers: Providers


def create_app(settings: Settings, *, warm: bool = False, reload: bool = False) -> Starlette:
    """The application for one process.

    Args:
        warm: compile its templates in the background once it answers.
        reload: look for changed templates on every use, for who works on them.

    Raises:
        SettingsError, CatalogueError, StaticFileError: something that it is made from cannot be used. Nothing has been
            opened by then.
    """
    static = StaticFiles(resource("static"), overrides=overrides(settings), bundles=BUNDLES)
    app = Starlette(
        routes=[*_routes(settings), Mount("/static", static, name="static")],
        middleware=_middleware(settings),
        exception_handlers={HTTPException: respond},
        lifespan=_lifespan(settings, load(settings.catalogue or resource("catalogue.toml")), warm=warm),
    )
    # A second address for each page would be one more that nobody tests.
    app.router.redirect_slashes = False
    app.state.settings = settings
    app.state.templates = _templates(settings, static, reload=reload)
    return app


def _routes(settings: Settings) -> list[BaseRoute]:
    return [*ROUTES, *DEMO] if settings.demo_mailbox else ROUTES


def _middleware(settings: Settings) -> list[Middleware]:
    """From the outside in."""
    return [
        Middleware(ClientAddressMiddleware, trusted=parse_networks(settings.trusted_proxies)),
        Middleware(RequestIdMiddleware),
        Middleware(AccessLogMiddleware),
        Middleware(MetricsMiddleware),
        Middleware(SecurityHeadersMiddleware, https=settings.origin.startswith("https://")),
        Middleware(CompressionMiddleware),
        Middleware(LanguageMiddleware, zone=settings.default_time_zone),
        Middleware(ErrorMiddleware),
        # From here on a refusal is a page like any other, and nothing further in is reached by what is refused.
        Middleware(PublicHostMiddleware, public_url=settings.public_url, development=settings.development),
        Middleware(AddressMiddleware),
        Middleware(CrossOriginMiddleware, origin=settings.origin),
        Middleware(BodyLimitMiddleware, max_body_size=settings.max_body_bytes),
    ]


def _templates(settings: Settings, static: StaticFiles, *, reload: bool) -> Templates:
    # A page has dozens of links, and Starlette would look for each of them through all routes.
    paths = {route.name: route.path_format for route in _routes(settings) if isinstance(route, Route)}

    def url(name: str, **params: Any) -> str:
        return paths[name].format_map(params) if params else paths[name]

    return Templates(
        resource("templates"),
        static_url=static.url,
        globals={
            "url": url,
            "brand": brand(settings, static),
            "sends_mail": bool(settings.smtp_host),
            "demo_mailbox": settings.demo_mailbox is not None,
        },
        reload=reload,
    )


def _lifespan(settings: Settings, catalogue: Catalogue, *, warm: bool) -> Lifespan[Starlette]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[State]:
        warming = asyncio.create_task(app.state.templates.warm()) if warm else None
        async with _pool(settings, Role.CUSTOMER) as customers, _pool(settings, Role.STAFF) as staff:
            keys = KeyRing(settings.key_encryption_bytes)
            announcements = Announcements(staff)
            async with (
                Providers(settings, ClientKeys(staff, keys)) as providers,
                connectors(settings, catalogue, staff) as crms,
            ):
                with at_first_signal(announcements.close):
                    yield State(
                        services=Services(
                            settings=settings,
                            catalogue=catalogue,
                            customers=RecordStore(customers, keys, catalogue, settings.audit_origin),
                            staff=RecordStore(staff, keys, catalogue, settings.audit_origin),
                            connectors=crms,
                        ),
                        announcements=announcements,
                        providers=providers,
                    )
                await announcements.aclose()
        if warming is not None:
            warming.cancel()

    return lifespan


def _pool(settings: Settings, role: Role) -> AbstractAsyncContextManager[Database]:
    return Database.configured(settings, role)
