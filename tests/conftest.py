"""What every test can ask for: a real PostgreSQL, a migrated database, the records in it as each role sees them.

The tests of one process share one database and stay apart by using customers of their own. A test of something that is
one for all (a migration, a setting of the server, every chain at once) asks for `empty_database`, a clone of its own.
"""

import functools
import gc
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import httpx2
import hypothesis
import psycopg
import pytest
from httpx2._transports import default as transports
from psycopg import sql
from sqlalchemy import URL, make_url

from portal.audit.cipher import KeyRing
from portal.catalogue import Catalogue, load
from portal.db.database import Database, Role
from portal.db.embedded import embedded
from portal.db.migrations import migrate
from portal.db.roles import initialise
from portal.paths import resource
from portal.record.read import StoredRecord
from portal.record.store import RecordStore
from portal.settings import Settings
from tests.builders import a_customer
from tests.orphans import ending_with_us
from tests.standins.tryton import is_there, tryton

# How long an example takes says more about what else the machine does than about the code; bench/ measures.
hypothesis.settings.register_profile("portal", deadline=None)
hypothesis.settings.load_profile("portal")

# To read the certificates that this machine trusts takes longer than most tests, and each client would do it anew.
vars(transports)["create_ssl_context"] = functools.cache(httpx2.create_ssl_context)

PASSWORD = "test"
KEY = "a2V5IGVuY3J5cHRpb24ga2V5IGZvciB0aGUgdGVzdHM="


def pytest_configure() -> None:
    """Who ends the tests from outside leaves no database behind: what was started is stopped, as after Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What was imported and collected is there to stay: nobody need look again and again whether it is still used."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def cluster(worker_id: str) -> Iterator[str]:
    """The address of an administrator: TEST_DATABASE_URL, or an embedded server of this test process alone."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with ExitStack() as stack:
        # Not below pytest's own folder: the server runs as another user when the tests are root's.
        home = Path(mkdtemp(prefix=f"portal-{worker_id}-"))
        home.chmod(0o755)
        stack.callback(rmtree, home, ignore_errors=True)
        server = stack.enter_context(embedded(home, durable=False, max_connections=200))
        pid = int((home / "data" / "postmaster.pid").read_text(encoding="utf-8").partition("\n")[0])
        stack.enter_context(ending_with_us(pid, signal.SIGINT))
        yield server.admin_url


@dataclass(frozen=True)
class Template:
    """A migrated database that others are cloned from."""

    admin_url: str
    name: str

    def clone(self, name: str) -> URL:
        """A new database with the same schema; gives its address without a user."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER portal_owner").format(
                    sql.Identifier(name), sql.Identifier(self.name)
                )
            )
        # A clone has no settings of its roles: they belong to a database, and are made again.
        initialise(self.admin_url, dict.fromkeys(Role, PASSWORD), database=name)
        return make_url(self.admin_url).set(database=name, drivername="postgresql+psycopg")

    def drop(self, name: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def template(cluster: str, worker_id: str) -> Iterator[Template]:
    made = Template(cluster, f"portal_template_{worker_id}")
    made.drop(made.name)
    initialise(cluster, dict.fromkeys(Role, PASSWORD), database=made.name)
    url = make_url(cluster).set(database=made.name, drivername="postgresql+psycopg")
    migrate(url.set(username=Role.OWNER.user, password=PASSWORD))
    yield made
    made.drop(made.name)


@pytest.fixture(scope="session")
def database_url(template: Template, worker_id: str) -> Iterator[URL]:
    """The database that the tests of this process share, as the administrator."""
    name = f"portal_test_{worker_id}"
    url = template.clone(name)
    connect_embedded_crm(url)
    yield url
    template.drop(name)


@pytest.fixture
def empty_database(template: Template, worker_id: str) -> Iterator[URL]:
    """A database with the schema, the embedded CRM's connector and nothing else, for one test."""
    name = f"portal_empty_{worker_id}"
    url = template.clone(name)
    connect_embedded_crm(url)
    yield url
    template.drop(name)


def connect_embedded_crm(url: URL) -> None:
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
        admin.execute("INSERT INTO portal.connector (name, label) VALUES ('embedded', 'CRM')")


@pytest.fixture(scope="session")
def settings(database_url: URL) -> Settings:
    return make_settings(database_url)


def make_settings(url: URL, **overrides: object) -> Settings:
    """Settings for a database of the tests; nothing of the developer's own environment or .env is in them."""
    values: dict[str, object] = {
        "environment": "development",
        "public_url": "http://localhost:8000",
        "database_url": url._replace(username=None, password=None).render_as_string(hide_password=False),
        "key_encryption_key": KEY,
        "brand_name": "Northwind Energy",
        "database_pool_size": 4,
        # Tests of the limits set their own.
        "limit_logins_per_address": 1_000_000,
        "limit_logins_per_account": 1_000_000,
        "limit_codes_per_address": 1_000_000,
        **{f"database_{role.value}_password": PASSWORD for role in Role},
        **overrides,
    }
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]  # pydantic turns each into its type


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load(resource("catalogue.toml"))


@dataclass(frozen=True)
class Stores:
    """The records as each role of the database sees them."""

    customer: RecordStore
    staff: RecordStore
    worker: RecordStore


@pytest.fixture(scope="session")
async def stores(settings: Settings, catalogue: Catalogue) -> AsyncIterator[Stores]:
    async with open_stores(settings, catalogue) as opened:
        yield opened


class open_stores:
    """Opens a pool for each role for the length of an `async with` block."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self._settings, self._catalogue = settings, catalogue
        self._databases = [Database.configured(settings, r) for r in (Role.CUSTOMER, Role.STAFF, Role.WORKER)]

    async def __aenter__(self) -> Stores:
        keys = KeyRing(self._settings.key_encryption_bytes)
        opened = [await database.__aenter__() for database in self._databases]
        return Stores(*(RecordStore(d, keys, self._catalogue, self._settings.audit_origin) for d in opened))

    async def __aexit__(self, *exc: object) -> None:
        for database in self._databases:
            await database.__aexit__(*exc)


@pytest.fixture
async def alice(stores: Stores) -> StoredRecord:
    """A customer of this test alone, with ways to reach her, times, and nothing consented."""
    return await a_customer(stores.worker, given_name="Alice", family_name="Marsh")


@pytest.fixture
async def bob(stores: Stores) -> StoredRecord:
    """Another customer."""
    return await a_customer(stores.worker, given_name="Bob", family_name="Keller", language="de")


@pytest.fixture(scope="session")
def real_tryton() -> Iterator[str]:
    """The address of a real Tryton, for all tests of this process that ask for it."""
    if not is_there():
        pytest.skip("`make .venv/.tryton` sets Tryton up")
    folder = Path(mkdtemp(prefix="portal-tryton-"))
    with tryton(folder) as url:
        yield url
    rmtree(folder, ignore_errors=True)
