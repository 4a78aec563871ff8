"""What is measured stands on this: a PostgreSQL of its own that loses nothing, the portal's schema, and invented
customers whose changes are in the CRM."""

import base64
import json
import os
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

from bench.processes import ROOT, alive, free_port, program, python, served
from portal.audit.cipher import KeyRing
from portal.catalogue import Catalogue, load
from portal.db.database import Database, Role
from portal.db.embedded import embedded
from portal.db.migrations import migrate
from portal.db.roles import initialise
from portal.paths import resource
from portal.record.store import RecordStore

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

BEHIND = "SELECT count(*) FROM portal.sync_state WHERE synced_seq < desired_seq"


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
        return max(1.0, full * self.scale)

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

    def flood(self, customers: int, changes: int) -> None:
        """So many invented customers, and what a database does by itself after such an import."""
        # Invented customers are for development alone; the data are the same.
        environment = self.environment(ENVIRONMENT="development", PUBLIC_URL="http://localhost")
        command = python("-m", "portal", "demo", "flood", "--customers", str(customers), "--changes", str(changes))
        subprocess.run(
            command, env={"PATH": os.environ["PATH"], **environment}, cwd=ROOT, check=True, timeout=_patience(changes)
        )
        with self.as_administrator() as admin:
            admin.execute("VACUUM ANALYZE")

    def deliver(self, seconds: float, workers: int = 2) -> None:
        """Bring everything that is due to the built-in CRM, with real workers.

        Raises:
            TimeoutError: it is not there after so many seconds.
            RuntimeError: the workers have ended.
        """
        deadline = time.monotonic() + seconds
        with self.workers(workers, SYNC_BATCH="500") as pids, self.as_administrator() as admin:
            while behind := admin.execute(BEHIND).fetchall()[0][0]:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{behind} customers are still not in the CRM")
                if not any(alive(pid) for pid in pids):
                    raise RuntimeError(f"the workers have ended: {self.folder / 'work.log'}")
                time.sleep(0.5)
            admin.execute("VACUUM ANALYZE")

    def customers(self, number: int) -> list[UUID]:
        """Some customers, always the same ones."""
        with self.as_administrator() as admin:
            rows = admin.execute("SELECT id FROM portal.customer ORDER BY number LIMIT %s", [number]).fetchall()
        return [row[0] for row in rows]


@contextmanager
def ground(folder: Path, *, customers: int, changes: int, scale: float = 1.0) -> Iterator[Ground]:
    """A server of its own with so many customers and changes in it, for the length of a `with` block.

    What is in `folder` already is used again if it was made for the same numbers, and brought to the schema of now if
    that only goes on from the one it has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    made, schema = folder / "made.json", _schema()
    wanted = {"customers": customers, "changes": changes, "schema": schema}
    before = json.loads(made.read_text(encoding="utf-8")) if made.exists() else {}
    steps = before.get("schema", [])
    kept = before == {**wanted, "schema": steps} and schema[: len(steps)] == steps
    if not kept or steps != schema:
        made.unlink(missing_ok=True)
        with embedded(folder / "postgres") as server:
            _prepare_database(server.admin_url, anew=not kept)
    with embedded(folder / "postgres", max_connections=200) as server:
        pid = int((folder / "postgres" / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        keys = KeyRing(base64.b64decode(KEY))
        here = Ground(folder, server.admin_url, pid, scale, load(resource("catalogue.toml")), keys)
        if not kept:
            here.flood(customers, changes)
            here.deliver(_patience(changes))
        made.write_text(json.dumps(wanted), encoding="utf-8")
        yield here


def _prepare_database(admin_url: str, *, anew: bool) -> None:
    if anew:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute("DROP DATABASE IF EXISTS bench WITH (FORCE)")
            # A commit's own time, which latencies are read from; it holds from the next start on.
            admin.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    initialise(admin_url, dict.fromkeys(Role, PASSWORD), database="bench")
    url = make_url(admin_url).set(database="bench", drivername="postgresql+psycopg")
    migrate(url.set(username=Role.OWNER.user, password=PASSWORD))
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as admin:
        # As a worker does when it starts; here, so that the flood is due for it.
        admin.execute("INSERT INTO portal.connector (name, label) VALUES ('embedded', 'CRM') ON CONFLICT DO NOTHING")


def _patience(changes: int) -> float:
    """In how many seconds so many changes are made, or delivered, by any machine that gets anywhere."""
    return 60 + changes / 100


def _schema() -> list[str]:
    return sorted(f"{path.name} {path.stat().st_size}" for path in resource("alembic").glob("versions/*.py"))
