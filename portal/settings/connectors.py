"""The CRMs in the settings: any number, each under a name. `CRM__<NAME>__KIND` and so on.

The name stands in sync_state, in the change log's `via` and in the catalogue's `crm.<name>`: it stays for as long as
the CRM does.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

CONNECTOR_NAME = r"^[a-z][a-z0-9_]{0,31}$"
ConnectorName = Annotated[str, StringConstraints(pattern=CONNECTOR_NAME)]


class ConnectorSettings(BaseModel):
    """One CRM. Which of these its kind needs, docs/connectors.md says; the rest stays empty."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = Field(min_length=1)
    label: str = ""
    url: str = ""
    api: str = ""
    database: str = ""
    username: str = ""
    password: SecretStr = SecretStr("")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    token: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    number_field: str = ""
    batch: int | None = Field(default=None, ge=1)
    timeout_seconds: float = Field(default=8.0, gt=0, le=120)
    allow_private: bool = False

    def given(self, name: str) -> bool:
        """Whether a setting, by its name in small letters, says anything."""
        value = getattr(self, name)
        return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)
