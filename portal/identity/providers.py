"""The providers as one process knows them: one HTTP client, and what each provider says about itself."""

from collections.abc import Sequence
from typing import Self, cast

import httpx2
from joserfc.jwk import Key
from starlette.requests import HTTPConnection

from portal.i18n import current_language
from portal.identity import keys, remote
from portal.identity.client_authentication import Credentials, credentials
from portal.identity.client_keys import ClientKeys
from portal.identity.discovery import Metadata, discover
from portal.identity.failures import Refused
from portal.identity.fetched import Fetched
from portal.identity.provider import Provider, providers_of
from portal.identity.session import Audience
from portal.settings import Settings
from portal.settings.providers import label_of


class KnownProvider:
    """A provider, and what is known of it."""

    def __init__(
        self, provider: Provider, http: httpx2.AsyncClient, client_keys: ClientKeys, *, loopback: bool
    ) -> None:
        self.provider = provider
        self.http = http
        self._client_keys = client_keys
        self._loopback = loopback
        self._metadata = Fetched(self._discover)
        self._keys = Fetched(self._fetch_keys)

    async def metadata(self) -> Metadata:
        """Its addresses and habits."""
        return await self._metadata.get()

    async def credentials(self, metadata: Metadata) -> Credentials:
        """What shows it that it is us who ask, for one request.

        Raises:
            ProviderMistaken: it takes nothing that we can do.
        """
        return await credentials(self.provider, metadata, self._client_keys)

    async def signing_keys(self, algorithm: str, kid: str | None) -> Sequence[Key]:
        """The keys that may have signed a token. An unknown key id makes us look once more, for keys are exchanged.

        Raises:
            Refused: there is no such key.
        """
        found = keys.candidates(await self._keys.get(), algorithm, kid)
        if not found:
            found = keys.candidates(await self._keys.again(), algorithm, kid)
        if not found:
            raise Refused("a token is signed with a key that the provider does not publish")
        return found

    async def _discover(self) -> Metadata:
        return await discover(self.http, self.provider.issuer, loopback=self._loopback)

    async def _fetch_keys(self) -> list[Key]:
        return await keys.fetch(self.http, (await self.metadata()).jwks_uri)


class Providers:
    """The providers of the settings. Used as an async context manager for the life of a process; nothing is asked of a
    provider before somebody logs in."""

    def __init__(self, settings: Settings, client_keys: ClientKeys) -> None:
        self.client_keys = client_keys
        self._http = remote.client()
        self._known = {
            (audience, provider.name): KnownProvider(provider, self._http, client_keys, loopback=settings.development)
            for audience in Audience
            for provider in providers_of(settings, audience)
        }

    def __getitem__(self, key: tuple[Audience, str]) -> KnownProvider:
        """The provider with this audience and name.

        Raises:
            KeyError: there is none, or no longer.
        """
        return self._known[key]

    def get(self, audience: Audience, name: str) -> KnownProvider | None:
        """The provider with this audience and name, if the settings still know it."""
        return self._known.get((audience, name))

    def of(self, audience: Audience) -> list[KnownProvider]:
        """All that vouch for this audience, in the order of the settings."""
        return [known for known in self._known.values() if known.provider.audience is audience]

    def label_of(self, audience: Audience, name: str) -> str:
        """How people know the provider with this audience and name, whether the settings still know it or not."""
        known = {one.provider.name: one.provider.settings for one in self.of(audience)}
        return label_of(known, name, current_language())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.aclose()


def providers(request: HTTPConnection) -> Providers:
    """The providers of the process that answers this request."""
    return cast("Providers", request.state.providers)
