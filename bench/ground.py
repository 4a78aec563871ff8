"""What is measured stands on this: a PostgreSQL of its own that loses nothing, the portal's schema, and invented
customers whose changes are in the CRM."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import URL, make_url

from bench.processes import ROOT, free_port, program, python, served
from portal.audit.cipher import KeyRing
from portal.catalogue import Catalogue, load
from portal.db.database import Database, Role
from portal.db.embedded import discard, embedded
from portal.db.migrations import migrate
from portal.db.roles import initialise
from portal.paths import resource
from portal.record.store import RecordStore
from tests.orphans import ending_with_us

KEY = base64.b64encode(bytes(range(32))).decode()
PASSWORD = "bench"
PROVIDER = {"ISSUER": "https://id.invalid", "CLIENT_ID": "bench"}

PRODUCTION = {
    "ENVIRONMENT": "production",
    "PUBLIC_URL": "https://localhost",
    "LOG_ORIGIN": "bench",
    "KEY_ENCRYPTION_KEY": KEY,
    "BRAND_NAME": "Northwind Energy",
    "TRUSTED_PROXIES": "none",
    **{f"DATABASE_{role.value.upper()}_PASSWORD": PASSWORD for role in Role},
    **{f"CUSTOMER_OIDC__MAIN__{name}": value for name, value in PROVIDER.items()},
    **{f"STAFF_OIDC__MAIN__{name}": value for name, value in PROVIDER.items()},
}
"""The portal is measured as it runs in production, logging each request."""


@dataclass(frozen=True)
class Served:
    """A server that is up: its port, and its process, whose children count with it."""

    port: int
    pid: int


@dataclass(frozen=True)
class Ground:
    """A migrated database with customers in it. `postgres` is the server's process; `scale` says how long measurements
    take, as a share of those of a full run."""

    folder: Path
    admin_url: str
    postgres: int
    scale: float
    catalogue: Catalogue
    keys: KeyRing

    @property
    def url(self) -> URL:
        """The database, as the administrator."""
        return make_url(self.admin_url).set(database="bench", drivername="postgresql+psycopg")

    def environment(self, **more: str) -> dict[str, str]:
        """The settings of the portal's processes."""
        url = self.url._replace(username=None, password=None, drivername="postgresql")
        return PRODUCTION | {"DATABASE_URL": url.render_as_string(hide_password=False)} | more

    def seconds(self, full: float) -> float:
        """How long to measure what a full run measures for so many seconds."""
        return max(0.4, full * self.scale)

    @asynccontextmanager
    async def store(self, role: Role, *, pool_size: int = 10) -> AsyncIterator[RecordStore]:
        """The records as a role of the database sees them."""
        async with Database(self.url.set(username=role.user, password=PASSWORD), pool_size=pool_size) as database:
            yield RecordStore(database, self.keys, self.catalogue, PRODUCTION["LOG_ORIGIN"])

    @contextmanager
    def as_administrator(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection that may look at and do everything, in autocommit."""
        url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection

    @contextmanager
    def portal(self, *, processes: int = 1, **more: str) -> Iterator[Served]:
        """`portal serve`, as somebody runs it."""
        port = free_port()
        command = python("-m", "portal", "serve", "--port", str(port), "--processes", str(processes))
        with served(command, self.environment(**more), self.folder / "web.log", port=port) as pid:
            yield Served(port, pid)

    @contextmanager
    def application(self, name: str, **more: str) -> Iterator[Served]:
        """An application in bench/apps, behind the same server with the same settings as the portal's."""
        port = free_port()
        command = python("-m", "bench.apps.serve", name, str(port))
        with served(command, self.environment(**more), self.folder / f"{name}.log", port=port) as pid:
            yield Served(port, pid)

    @contextmanager
    def workers(self, number: int, **more: str) -> Iterator[list[int]]:
        """`portal work`, so many times."""
        command, environment = python("-m", "portal", "work"), self.environment(LOG_LEVEL="warning", **more)
        with ExitStack() as stack:
            yield [stack.enter_context(program(command, environment, self.folder / "work.log")) for _ in range(number)]

    def renew(self) -> None:
        """The database as it was when it was made: no row finds what another one has written, and each starts on the
        same statistics and the same pages."""
        with psycopg.connect(self.admin_url, autocommit=True) as admin:
            admin.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
            admin.execute("CREATE DATABASE bench TEMPLATE made OWNER portal_owner STRATEGY file_copy")
            admin.execute("CHECKPOINT")
        initialise(self.admin_url, dict.fromkeys(Role, PASSWORD), database="bench")

    def size(self) -> int:
        """Of the database, in bytes."""
        with self.as_administrator() as admin:
            return int(admin.execute("SELECT pg_database_size(current_database())").fetchall()[0][0])

    def customers(self, number: int) -> list[UUID]:
        """Some customers, always the same ones."""
        with self.as_administrator() as admin:
            rows = admin.execute("SELECT id FROM portal.customer ORDER BY number LIMIT %s", [number]).fetchall()
        return [row[0] for row in rows]


@contextmanager
def ground(folder: Path, *, customers: int, changes: int, scale: float = 1.0, worn: bool = True) -> Iterator[Ground]:
    """A server of its own with so many customers and changes in it, for the length of a `with` block.

    What is in `folder` already is used again if it was made for the same numbers by the same means.

    Args:
        worn: what is measured writes; `Ground.renew` is there for the next. Else there is one database, which is read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    made, wanted = folder / "made.json", {"customers": customers, "changes": changes, "means": _means()}
    before = json.loads(made.read_text(encoding="utf-8")) if made.exists() else {}
    if {name: before.get(name) for name in wanted} != wanted:
        made.unlink(missing_ok=True)
        began = time.monotonic()
        _make(folder, customers, changes, "made" if worn else "bench")
        made.write_text(json.dumps(wanted | {"seconds": time.monotonic() - began}), encoding="utf-8")
    with _server(folder, durable=True) as (admin_url, pid):
        keys = KeyRing(base64.b64decode(KEY))
        yield Ground(folder, admin_url, pid, scale, load(resource("catalogue.toml")), keys)


@contextmanager
def _server(folder: Path, *, durable: bool) -> Iterator[tuple[str, int]]:
    with embedded(folder / "postgres", durable=durable, max_connections=200) as server:
        pid = int((server.home / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        with ending_with_us(pid, signal.SIGQUIT):
            yield server.admin_url, pid


def seconds_to_make(folder: Path) -> float:
    """How long it took to make what is in a folder."""
    return float(json.loads((folder / "made.json").read_text(encoding="utf-8"))["seconds"])


def _make(folder: Path, customers: int, changes: int, database: str) -> None:
    """All anew, by a server that is quick and may lose what it has: nothing is measured on it."""
    discard(folder / "postgres")
    with _server(folder, durable=False) as (admin_url, _pid):
        initialise(admin_url, dict.fromkeys(Role, PASSWORD), database=database)
        url = make_url(admin_url).set(database=database, drivername="postgresql+psycopg")
        migrate(url.set(username=Role.OWNER.user, password=PASSWORD))
        plain = url._replace(username=None, password=None, drivername="postgresql")
        with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
            # As a worker does when it starts; here, so that the flood is in the built-in CRM.
            admin.execute(
                "INSERT INTO portal.connector (name, label) VALUES ('embedded', 'CRM') ON CONFLICT DO NOTHING"
            )
            admin.commit()
            # A commit's own time, which latencies are read from; it holds from the next start on.
            admin.autocommit = True
            admin.execute("ALTER SYSTEM SET track_commit_timestamp = on")
            _flood(plain.render_as_string(hide_password=False), customers, changes)
            admin.execute("VACUUM ANALYZE")


def _flood(url: str, customers: int, changes: int) -> None:
    # Invented customers are for development alone; the data are the same.
    environment = PRODUCTION | {"ENVIRONMENT": "development", "PUBLIC_URL": "http://localhost", "DATABASE_URL": url}
    arguments = ["demo", "flood", "--customers", str(customers), "--changes", str(changes)]
    command = python("-m", "portal", *arguments)
    with subprocess.Popen(command, env={"PATH": os.environ["PATH"], **environment}, cwd=ROOT) as process:
        try:
            with ending_with_us(process.pid, signal.SIGTERM):
                ended = process.wait()
        finally:
            process.terminate()
    if ended:
        raise RuntimeError("the flood failed")


def _means() -> str:
    """A fingerprint of what makes data: schema, flood, and what it writes of the CRM's search."""
    files = [*resource("alembic").glob("versions/*.py"), *(ROOT / "portal" / "demo").glob("*.py")]
    files.append(ROOT / "portal" / "crm" / "embedded" / "search_keys.py")
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()[:16]
