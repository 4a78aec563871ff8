"""The identity providers of the settings: one for customers, one for staff."""

from dataclasses import dataclass

from pydantic import SecretStr

from portal.identity.session import Audience
from portal.settings import Settings


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider, and what we are to it. `name` is kept with sessions and never changes for a provider."""

    name: str
    audience: Audience
    issuer: str
    client_id: str
    client_secret: SecretStr
    scopes: str

    @property
    def configured(self) -> bool:
        return bool(self.issuer and self.client_id)


def provider(settings: Settings, audience: Audience) -> Provider:
    """The provider that vouches for this audience."""
    if audience is Audience.CUSTOMER:
        return Provider(
            "customer",
            audience,
            settings.customer_oidc_issuer,
            settings.customer_oidc_client_id,
            settings.customer_oidc_client_secret,
            settings.customer_oidc_scopes,
        )
    return Provider(
        "staff",
        audience,
        settings.staff_oidc_issuer,
        settings.staff_oidc_client_id,
        settings.staff_oidc_client_secret,
        settings.staff_oidc_scopes,
    )
