"""Keeps what is for trying out away from where people are served."""

from urllib.parse import urlsplit

from pydantic_settings import BaseSettings, SettingsConfigDict

from portal.errors import Forbidden
from portal.loopback import is_loopback


class _Place(BaseSettings):
    """Where the portal is reached, from the environment or `.env`, whatever else is set or missing there."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore")

    public_url: str = "http://localhost"


def require_one_machine(why: str) -> None:
    """Go on only where nobody else can come.

    Args:
        why: what would happen elsewhere, as the beginning of a sentence.

    Raises:
        Forbidden: PUBLIC_URL is an address that others can reach.
    """
    url = _Place().public_url
    if not is_loopback(urlsplit(url).hostname):
        raise Forbidden(
            f"{why}, so it is for one machine alone, and PUBLIC_URL is {url}.",
            hint="For a portal that others reach: portal serve and portal work, with settings of its own.",
        )
