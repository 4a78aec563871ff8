"""The schema's version, and how to bring it to the newest. Alembic is imported by who asks: what serves hardly does."""

from functools import cache
from typing import TYPE_CHECKING

from portal.paths import resource

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import URL


def migrate(url: "URL", revision: str = "head") -> None:
    """Bring the database at `url` (the owner's connection) to a revision."""
    from alembic import command

    config = configuration()
    config.attributes["url"] = url
    command.upgrade(config, revision)


@cache
def head() -> str:
    """The revision that this version of the portal needs."""
    from alembic.script import ScriptDirectory

    revision = ScriptDirectory.from_config(configuration()).get_current_head()
    assert revision is not None
    return revision


def configuration() -> "Config":
    """Alembic's, for its other commands; `attributes["url"]` is the owner's connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resource("alembic")).replace("%", "%%"))
    return config
