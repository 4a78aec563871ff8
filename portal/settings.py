"""The only reader of the environment.

Each setting is an environment variable of the same name in capitals, or a line of `.env` in the working directory.
A secret can also be given as NAME_FILE, the path of a file that holds it. `.env.example` lists every setting.
"""

import base64
import os
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

import pydantic_settings
from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class StaffRole(StrEnum):
    AGENT = "agent"
    AUDITOR = "auditor"
    OPERATOR = "operator"


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


KeySecret = Annotated[SecretStr, AfterValidator(_thirty_two_bytes)]


class Settings(BaseSettings):
    """What an operator decides. Secrets have no default outside development."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True, env_ignore_empty=True
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

    key_encryption_key: KeySecret = SecretStr("")
    log_origin: str = ""

    default_time_zone: str = "UTC"

    catalogue: Path | None = None
    brand_name: str = "Customer profile"
    brand_tokens: Path | None = None
    brand_logo: Path | None = None

    customer_oidc_issuer: str = ""
    customer_oidc_client_id: str = ""
    customer_oidc_client_secret: SecretStr = SecretStr("")
    customer_oidc_scopes: str = "openid profile email"
    customer_oidc_number_claim: str = ""
    staff_oidc_issuer: str = ""
    staff_oidc_client_id: str = ""
    staff_oidc_client_secret: SecretStr = SecretStr("")
    staff_oidc_scopes: str = "openid profile email"
    staff_oidc_roles_claim: str = "roles"
    staff_oidc_roles: Annotated[dict[str, StaffRole], NoDecode] = Field(default_factory=dict, validate_default=True)

    session_idle_minutes: int = Field(default=30, ge=1)
    session_hours: int = Field(default=12, ge=1)

    max_body_bytes: int = Field(default=65_536, ge=1_024)
    max_notes: int = Field(default=200, ge=1)
    max_contact_points: int = Field(default=12, ge=1)
    max_contact_windows: int = Field(default=20, ge=1)

    metrics_token: SecretStr = SecretStr("")
    trusted_proxies: str = ""

    sync_batch: int = Field(default=100, ge=1, le=1_000)
    sync_lease_seconds: int = Field(default=30, ge=3)
    sync_idle_milliseconds: int = Field(default=250, ge=10, le=10_000)

    @model_validator(mode="before")
    @classmethod
    def _parse_roles(cls, data: Any) -> Any:
        roles = data.get("staff_oidc_roles") if isinstance(data, dict) else None
        if isinstance(roles, str):
            pairs = [pair.partition("=") for pair in roles.split(",") if pair.strip()]
            data["staff_oidc_roles"] = {name.strip(): role.strip() for name, _, role in pairs}
        return data

    @model_validator(mode="after")
    def _complete(self) -> Self:
        url = urlsplit(self.public_url)
        if url.scheme not in ("http", "https") or not url.hostname or url.path not in ("", "/") or url.query:
            raise ValueError("PUBLIC_URL must look like https://portal.example.com, without a path")
        if self.environment is Environment.PRODUCTION:
            missing = [name for name in REQUIRED_IN_PRODUCTION if not _given(getattr(self, name))]
            if missing:
                raise ValueError("required outside development: " + ", ".join(n.upper() for n in missing))
            if url.scheme != "https":
                raise ValueError("PUBLIC_URL must be https outside development")
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
        return init_settings, _NameFileSource(settings_cls), env_settings, dotenv_settings


REQUIRED_IN_PRODUCTION = (
    "database_url",
    "database_customer_password",
    "database_staff_password",
    "database_worker_password",
    "key_encryption_key",
    "customer_oidc_issuer",
    "customer_oidc_client_id",
    "customer_oidc_client_secret",
    "staff_oidc_issuer",
    "staff_oidc_client_id",
    "staff_oidc_client_secret",
)


def _given(value: object) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


class _NameFileSource(EnvSettingsSource):
    """Reads NAME_FILE for every secret NAME."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{field_name.upper()}_FILE") if _is_secret(field) else None
        if not path:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").strip(), field_name, False
        except OSError as error:
            raise ValueError(f"{field_name.upper()}_FILE: {path} cannot be read: {error.strerror}") from None


def _is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr


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
        lines = []
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"]).upper()
            lines.append(f"{name}: {problem['msg']}" if name else problem["msg"].removeprefix("Value error, "))
        raise SettingsError("\n".join(lines)) from None
    except pydantic_settings.SettingsError as error:
        raise SettingsError(str(error.__cause__ or error)) from None
