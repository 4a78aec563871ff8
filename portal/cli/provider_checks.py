"""What `portal doctor` asks the identity providers: what they publish, and whether they know us."""

from collections.abc import Iterator

import httpx2
import psycopg
from psycopg_pool import PoolTimeout

from portal import clock
from portal.audit.cipher import KeyRing
from portal.cli.finding import Finding
from portal.db.database import Database, Role
from portal.identity import checkup, discovery, keys, oauth, remote
from portal.identity.checkup import Remark
from portal.identity.client_authentication import Credentials, credentials, method
from portal.identity.client_keys import ClientKeys
from portal.identity.discovery import Metadata
from portal.identity.failures import LoginFailed, ProviderDown, ProviderMistaken, Refused
from portal.identity.provider import Provider, providers_of
from portal.identity.session import Audience
from portal.identity.transaction import Wanted, prepare
from portal.settings import Settings

NOBODYS_CODE = "portal-doctor-asks-whether-it-is-known"


async def ask_providers(settings: Settings) -> list[Finding]:
    """What a login would find at each provider."""
    async with remote.client() as http:
        return [finding for audience in Audience for finding in await _audience(http, settings, audience)]


async def _audience(http: httpx2.AsyncClient, settings: Settings, audience: Audience) -> list[Finding]:
    providers = providers_of(settings, audience)
    if not providers:
        name = f"{audience.upper()}_OIDC__<NAME>__"
        return [Finding(f"{audience} identity provider", f"Nobody can log in: set {name}ISSUER and {name}CLIENT_ID.")]
    return [finding for provider in providers for finding in await _provider(http, settings, provider)]


async def _provider(http: httpx2.AsyncClient, settings: Settings, provider: Provider) -> list[Finding]:
    what = f"{provider.audience} identity provider {provider.name}, {provider.issuer}"
    try:
        document = await discovery.fetch(http, provider.issuer, loopback=settings.development)
        metadata = discovery.read(document.body, provider.issuer, loopback=settings.development)
        published = await keys.fetch(http, metadata.jwks_uri)
    except ProviderMistaken as error:
        return [Finding(what, f"Logins would be refused: {error}.")]
    except ProviderDown as error:
        return [
            Finding(what, f"It gives no usable answer: {error}. Is the issuer right, and can this machine reach it?")
        ]
    remarks = [
        *checkup.clocks(document.date, clock.now()),
        *checkup.examine(document.body, metadata, published, provider),
    ]
    if not any(remark.fails for remark in remarks):
        remarks += await _known_there(http, settings, provider, metadata)
    return [*_findings(what, remarks, len(published))]


def _findings(what: str, remarks: list[Remark], signing_keys: int) -> Iterator[Finding]:
    wrong = [remark.words for remark in remarks if remark.fails]
    better = [remark.words for remark in remarks if not remark.fails]
    yield Finding(f"{what}: {signing_keys} signing key{'' if signing_keys == 1 else 's'}", "\n  ".join(wrong) or None)
    if better:
        yield Finding(f"{what}: what could be better", "\n  ".join(better), needed=False)


async def _known_there(
    http: httpx2.AsyncClient, settings: Settings, provider: Provider, metadata: Metadata
) -> list[Remark]:
    """Whether it takes our client id and what proves it, asked with a request that leads nowhere."""
    back = f"{settings.origin}/login/callback/{provider.audience}/{provider.name}"
    opened = prepare(provider.audience, provider.name, provider.issuer, back, Wanted())
    try:
        shown = await _shown(settings, provider, metadata)
        if metadata.pushed_endpoint is not None:
            asked = oauth.authorization_request(provider, opened, language="en")
            await oauth.push(http, metadata, asked, shown)
        else:
            await oauth.exchange(http, metadata, opened.transaction, NOBODYS_CODE, shown)
    except Refused:
        pass  # it takes us, and not the made-up code
    except LoginFailed as error:
        return [Remark(_unknown(error, settings), fails=isinstance(error, ProviderMistaken))]
    except (psycopg.OperationalError, PoolTimeout):
        return [Remark("Whether it knows our keys cannot be asked: they are in the database.", fails=False)]
    return []


async def _shown(settings: Settings, provider: Provider, metadata: Metadata) -> Credentials:
    """What proves that it is us; the database is needed where that is a key."""
    ring = KeyRing(settings.key_encryption_bytes)
    database = Database.configured(settings, Role.WORKER)
    if method(provider, metadata).uses_secret:
        return await credentials(provider, metadata, ClientKeys(database, ring))
    async with database:
        return await credentials(provider, metadata, ClientKeys(database, ring))


def _unknown(error: LoginFailed, settings: Settings) -> str:
    return (
        f"Asked as at a login, {error}. Are client id, secret and redirect address the ones that are registered there,"
        f" and can it fetch {settings.origin}/.well-known/jwks.json if it is to know our keys?"
    )
