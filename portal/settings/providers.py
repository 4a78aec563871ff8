"""The identity providers in the settings: any number for customers and any number for staff, each under a name.

`CUSTOMER_OIDC__<NAME>__ISSUER` and so on; the name stands in addresses and is kept with sessions, so it stays the same
for as long as the provider does.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import NoDecode


class StaffRole(StrEnum):
    AGENT = "agent"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class ClientAuthentication(StrEnum):
    """How the portal shows a provider who it is."""

    AUTO = "auto"  # with the secret if there is one, else with a key of ours
    PRIVATE_KEY_JWT = "private_key_jwt"  # signed with a key of ours, whose public half the provider fetches
    CLIENT_SECRET_BASIC = "client_secret_basic"  # noqa: S105 - the name of a method
    CLIENT_SECRET_POST = "client_secret_post"  # noqa: S105 - the name of a method

    @property
    def uses_secret(self) -> bool:
        return self in (ClientAuthentication.CLIENT_SECRET_BASIC, ClientAuthentication.CLIENT_SECRET_POST)


def _listed(value: Any) -> Any:
    """`a, b` and `a b` are both lists of two."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _mapped(value: Any) -> Any:
    """`name=role, other=role`."""
    if not isinstance(value, str):
        return value
    pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
    return {name.strip(): role.strip() for name, _, role in pairs}


def _lowered(value: Any) -> Any:
    return tuple(one.lower().removeprefix("@") for one in _listed(value)) if isinstance(value, str) else value


def _of_openid(scopes: str) -> str:
    if "openid" not in scopes.split():
        raise ValueError("must contain openid")
    if "offline_access" in scopes.split():
        raise ValueError("must not contain offline_access: the portal keeps no refresh token")
    return scopes


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
Domains = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_lowered)]
Roles = Annotated[dict[str, StaffRole], NoDecode, BeforeValidator(_mapped)]
ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


class ProviderSettings(BaseModel):
    """An OpenID provider, and what the portal is to it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(min_length=1)
    client_id: str = Field(min_length=1)
    client_secret: SecretStr = SecretStr("")
    client_authentication: ClientAuthentication = ClientAuthentication.AUTO
    scopes: Annotated[str, AfterValidator(_of_openid)] = "openid profile email"
    label: str = ""
    label_de: str = ""
    step_up_acr: Listed = ()
    trust_login_time: bool = False
    """Where it does not say when people proved who they are, the moment of their login here counts."""

    @property
    def signs(self) -> bool:
        """Whether the portal shows it a key instead of a secret."""
        if self.client_authentication is ClientAuthentication.AUTO:
            return not self.client_secret.get_secret_value()
        return not self.client_authentication.uses_secret

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.client_authentication.uses_secret and not self.client_secret.get_secret_value():
            raise ValueError(f"CLIENT_AUTHENTICATION={self.client_authentication} needs CLIENT_SECRET")
        return self


class CustomerProviderSettings(ProviderSettings):
    """A provider that vouches for customers, and how far its word goes on which customer somebody is."""

    number_claim: str = ""
    email_domains: Domains = ()


class StaffProviderSettings(ProviderSettings):
    """A provider that vouches for staff, and which of what it says gives which role."""

    roles_claim: str = "roles"
    roles: Roles = Field(default_factory=dict)


def label_of(given: Mapping[str, ProviderSettings], name: str, language: str) -> str:
    """How people know a provider in a language; one without a label, or that has left the settings, by its name."""
    known = given.get(name)
    label = ((known.label_de if language == "de" else "") or known.label) if known else ""
    return label or name.replace("_", " ").replace("-", " ").capitalize()
