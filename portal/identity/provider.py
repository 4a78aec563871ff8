"""The identity providers of the settings: any number for customers, any number for staff."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.i18n import current_language
from portal.identity.session import Audience
from portal.settings import Settings
from portal.settings.providers import ProviderSettings, label_of


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider, and what we are to it. `name` is kept with sessions and never changes for a provider."""

    name: str
    audience: Audience
    settings: ProviderSettings

    @property
    def issuer(self) -> str:
        return self.settings.issuer

    @property
    def client_id(self) -> str:
        return self.settings.client_id

    @property
    def label(self) -> str:
        """How people know it, in the language of the page."""
        return label_of({self.name: self.settings}, self.name, current_language())


def providers_of(settings: Settings, audience: Audience) -> list[Provider]:
    """The providers that vouch for this audience, in the order in which the settings name them."""
    given: Mapping[str, ProviderSettings] = (
        settings.customer_oidc if audience is Audience.CUSTOMER else settings.staff_oidc
    )
    return [Provider(name, audience, one) for name, one in given.items()]
