"""Where settings come from: the environment and `.env`. In both, a secret may be the path of a file that holds it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_origin

from pydantic import SecretStr
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource

_NESTED_SECRET = re.compile(
    r"(customer|staff)_oidc__.+__client_secret|crm__.+__(password|client_secret|token|webhook_secret)"
)
_FILE = "_file"

Variables = Mapping[str, str | None]


class UnreadableSecret(Exception):
    """The file that is to hold a secret cannot be read; the message names the setting and the file."""


class Environment(EnvSettingsSource):
    """The environment, with NAME_FILE for every secret NAME."""

    def _load_env_vars(self) -> Variables:
        return _meant_for_us(super()._load_env_vars(), self.settings_cls)


class EnvironmentFile(DotEnvSettingsSource):
    """The file `.env`, likewise."""

    def _load_env_vars(self) -> Variables:
        return _meant_for_us(super()._load_env_vars(), self.settings_cls)


def _meant_for_us(variables: Variables, settings: type[BaseSettings]) -> Variables:
    """Without what only shares a name with a table, such as somebody's CRM=...: ours have a variable for each setting
    in them, CRM__<NAME>__KIND."""
    tables = {name for name, field in settings.model_fields.items() if get_origin(field.annotation) is dict}
    return _with_files({name: value for name, value in variables.items() if name not in tables}, settings)


def _with_files(variables: Variables, settings: type[BaseSettings]) -> Variables:
    """The variables (their names in lower case) with each NAME_FILE of a secret replaced by NAME."""
    given = dict(variables)
    for name, path in variables.items():
        secret = name.removesuffix(_FILE)
        if path and name.endswith(_FILE) and _is_secret(secret, settings):
            given[secret] = _content(name, path)
            del given[name]
    return given


def _is_secret(name: str, settings: type[BaseSettings]) -> bool:
    field = settings.model_fields.get(name)
    return _NESTED_SECRET.fullmatch(name) is not None or (field is not None and field.annotation is SecretStr)


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableSecret(f"{name.upper()}: {path} cannot be read: {error}") from None
