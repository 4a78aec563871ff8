"""The schema's version, and how to bring it to the newest."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL

from portal.paths import resource


def migrate(url: URL, revision: str = "head") -> None:
    """Bring the database at `url` (the owner's connection) to a revision."""
    config = configuration()
    config.attributes["url"] = url
    command.upgrade(config, revision)


def head() -> str:
    """The revision that this version of the portal needs."""
    revision = ScriptDirectory.from_config(configuration()).get_current_head()
    assert revision is not None
    return revision


def configuration() -> Config:
    """Alembic's, for its other commands; `attributes["url"]` is the owner's connection."""
    config = Config()
    config.set_main_option("script_location", str(resource("alembic")).replace("%", "%%"))
    return config
