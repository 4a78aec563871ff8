"""The only reader of the environment.

Each setting is an environment variable of the same name in capitals, or a line of `.env` in the working directory.
A secret can also be given as NAME_FILE, the path of a file that holds it. `.env.example` lists every setting.
"""

import base64
import re
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pydantic_settings
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from portal.loopback import is_loopback
from portal.settings.connectors import ConnectorName, ConnectorSettings
from portal.settings.mail import MailSettings
from portal.settings.providers import CustomerProviderSettings, ProviderName, StaffProviderSettings
from portal.settings.providers import StaffRole as StaffRole  # a role is a setting's word for everybody else
from portal.settings.sources import Environment as EnvironmentVariables
from portal.settings.sources import EnvironmentFile, UnreadableSecret


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _thirty_two_bytes(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value() and len(decode_key(secret)) != 32:
        raise ValueError("must be 32 random bytes in base64 (make some with: openssl rand -base64 32)")
    return secret


def decode_key(secret: SecretStr) -> bytes:
    """The bytes of a key that is given in base64."""
    try:
        return base64.b64decode(secret.get_secret_value(), validate=True)
    except ValueError:
        raise ValueError("must be base64") from None


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("there is no such time zone; they are called like Europe/Berlin") from None


KeySecret = Annotated[SecretStr, AfterValidator(_thirty_two_bytes)]
TimeZone = Annotated[str, AfterValidator(_known_zone)]
PUBLIC_URL = re.compile(r"(http(?!.+:80/?$)|https(?!.+:443/?$))://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?/?")
"""As a browser writes where a page is from, which is compared with it: in lower case, without the usual port."""


class Settings(MailSettings, BaseSettings):
    """What an operator decides. Secrets have no default outside development."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    environment: Environment = Environment.PRODUCTION
    public_url: str = "http://localhost:8000"
    log_format: str = Field(default="json", pattern="^(json|console)$")
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    database_url: str = ""
    database_owner_password: SecretStr = SecretStr("")
    database_customer_password: SecretStr = SecretStr("")
    database_staff_password: SecretStr = SecretStr("")
    database_worker_password: SecretStr = SecretStr("")
    database_pool_size: int = Field(default=10, ge=1, le=200)
    database_prepared_statements: bool = True

    key_encryption_key: KeySecret = SecretStr("")
    log_origin: str = ""

    default_time_zone: TimeZone = "UTC"

    catalogue: Path | None = None
    brand_name: str = "Customer profile"
    brand_tokens: Path | None = None
    brand_logo: Path | None = None

    customer_oidc: dict[ProviderName, CustomerProviderSettings] = Field(default_factory=dict)
    staff_oidc: dict[ProviderName, StaffProviderSettings] = Field(default_factory=dict)

    session_idle_minutes: int = Field(default=30, ge=1)
    session_hours: int = Field(default=12, ge=1)
    staff_session_idle_minutes: int | None = Field(default=None, ge=1)
    staff_session_hours: int | None = Field(default=None, ge=1)
    # Asked of the provider is half of it, so that somebody who has just logged in anew has time to do what it was for.
    step_up_minutes: int = Field(default=10, ge=2)

    max_body_bytes: int = Field(default=65_536, ge=1_024)
    max_notes: int = Field(default=200, ge=1)
    max_contact_points: int = Field(default=12, ge=1)
    max_contact_windows: int = Field(default=20, ge=1)

    # How often in how many minutes; 0 where something in front of the portal counts.
    limit_minutes: int = Field(default=10, ge=1, le=1_440)
    limit_logins_per_address: int = Field(default=600, ge=0)
    limit_logins_per_account: int = Field(default=30, ge=0)
    limit_codes_per_address: int = Field(default=30, ge=0)
    limit_codes_per_target: int = Field(default=10, ge=0)
    limit_logouts_per_address: int = Field(default=6_000, ge=0)
    limit_hooks_per_address: int = Field(default=6_000, ge=0)

    demo_mailbox: Path | None = None

    metrics_token: SecretStr = SecretStr("")
    trusted_proxies: str = ""

    crm: dict[ConnectorName, ConnectorSettings] = Field(default_factory=dict)
    sync_batch: int = Field(default=100, ge=1, le=1_000)
    sync_lease_seconds: int = Field(default=30, ge=3)
    sync_idle_milliseconds: int = Field(default=250, ge=10, le=10_000)
    sync_sweep_rows: int = Field(default=200, ge=0, le=10_000)
    sync_language: str = Field(default="en", pattern="^(en|de)$")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        url = urlsplit(self.public_url)
        if not PUBLIC_URL.fullmatch(self.public_url):
            raise ValueError(
                "PUBLIC_URL must look like https://portal.example.com: in lower case, without a path or the usual port"
            )
        if self.environment is Environment.PRODUCTION:
            missing = [name for name in REQUIRED_IN_PRODUCTION if not _given(getattr(self, name))]
            if missing:
                raise ValueError("required outside development: " + ", ".join(map(_example, missing)))
            if url.scheme != "https":
                raise ValueError("PUBLIC_URL must be https outside development")
            if self.demo_mailbox:
                raise ValueError("DEMO_MAILBOX shows everybody's mail to everybody, so it is for development alone")
        elif not is_loopback(url.hostname):
            raise ValueError(
                "ENVIRONMENT=development switches protections off, so it is for one machine alone: "
                "PUBLIC_URL must be on localhost then"
            )
        return self

    @cached_property
    def origin(self) -> str:
        """Scheme, host and port of the public URL, as a browser writes them in Origin."""
        return self.public_url.rstrip("/")

    @cached_property
    def audit_origin(self) -> str:
        """The name of this change log, written into each entry. Keep it when the public URL changes."""
        return self.log_origin or str(urlsplit(self.public_url).netloc)

    @cached_property
    def key_encryption_bytes(self) -> bytes:
        """The key that wraps customers' keys."""
        return decode_key(self.key_encryption_key)

    @property
    def development(self) -> bool:
        return self.environment is Environment.DEVELOPMENT

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        assert isinstance(dotenv_settings, DotEnvSettingsSource)
        file = EnvironmentFile(settings_cls, env_file=dotenv_settings.env_file)
        return init_settings, EnvironmentVariables(settings_cls), file


REQUIRED_IN_PRODUCTION = (
    "database_url",
    "database_customer_password",
    "database_staff_password",
    "database_worker_password",
    "key_encryption_key",
    "customer_oidc",
    "staff_oidc",
    # Whose address a request came from is guessed by nobody: without it, limits would hold for all or for none.
    "trusted_proxies",
)


def _given(value: object) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


def _example(name: str) -> str:
    if name == "trusted_proxies":
        return "TRUSTED_PROXIES (networks, or none)"
    return f"{name.upper()}__<NAME>__ISSUER and its CLIENT_ID" if name.endswith("_oidc") else name.upper()


class SettingsError(Exception):
    """The configuration cannot be used; the message names each setting and what is wrong with it."""


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: a value is missing or cannot be used.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("\n".join(_line(problem) for problem in error.errors())) from None
    except pydantic_settings.SettingsError as error:
        raise SettingsError(str(error.__cause__ or error)) from None
    except UnreadableSecret as error:
        raise SettingsError(str(error)) from None


def _line(problem: ErrorDetails) -> str:
    """One mistake, by the name of the setting as it is written."""
    name = "__".join(str(part) for part in problem["loc"] if part != "[key]").upper()
    words = problem["msg"].removeprefix("Value error, ")
    match problem["type"]:
        case "extra_forbidden":
            words = "there is no such setting"
        case "missing":
            words = "is missing"
        case "string_pattern_mismatch" if "[key]" in problem["loc"]:
            words = "a provider's name has letters, digits, - and _, at most 32"
    return f"{name}: {words}" if name else words
