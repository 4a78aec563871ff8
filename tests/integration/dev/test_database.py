"""A server of somebody's own: the demo does not lock out the portal whose roles are there already."""

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy import URL, make_url

from portal.db.database import Role, database_url
from portal.dev.database import DemoDatabase, prepare
from portal.errors import Unavailable
from tests.conftest import PASSWORD, Template, make_settings


def test_roles_that_are_there_keep_their_passwords(
    cluster: str, template: Template, empty_database: URL, worker_id: str
) -> None:
    name = f"portal_guest_{worker_id}"
    template.drop(name)
    database = DemoDatabase(make_url(cluster).set(database=name, drivername="postgresql"))
    url = make_url(cluster).set(database=name)
    passwords = {f"database_{role.value}_password": SecretStr("another") for role in Role}
    try:
        with pytest.raises(Unavailable, match="portal_owner is on this server already"):
            prepare(database, make_settings(url, **passwords))
        prepare(database, make_settings(url))
    finally:
        template.drop(name)

    mine = database_url(make_settings(empty_database), Role.STAFF).set(drivername="postgresql")
    assert mine.password == PASSWORD
    psycopg.connect(mine.render_as_string(hide_password=False)).close()
