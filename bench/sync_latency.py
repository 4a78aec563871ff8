"""How fast a change reaches the built-in CRM: rows a second for one worker, and from commit to CRM-visible at a steady
rate of edits. Takes about half a minute, with a database and worker processes of its own.

    python bench/sync_latency.py --rate 50 --seconds 10 --workers 1

Times are PostgreSQL's own commit timestamps, so the measurement adds nothing to what it measures.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import psycopg
from sqlalchemy import URL, make_url

from portal.audit.cipher import KeyRing
from portal.audit.entry import Actor, ActorKind
from portal.catalogue import load
from portal.crm.embedded import EmbeddedCrm
from portal.db.database import Database, Role
from portal.db.embedded import embedded
from portal.db.migrations import migrate
from portal.db.roles import initialise
from portal.paths import resource
from portal.record.change import Intention, change, create
from portal.record.store import RecordStore
from portal.sync.drain import drain
from portal.sync.enroll import register
from portal.sync.line import Line

KEY = "YSBrZXkgZm9yIGJlbmNobWFya3MgYW5kIG5vIGVsc2U="
PASSWORD = "bench"
CUSTOMERS = 600
SYSTEM = Actor(ActorKind.SYSTEM, "bench", "cli")

LATENCIES = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(a.xmin) - pg_xact_commit_timestamp(r.xmin)) * 1000 AS ms
    FROM portal.change_record r
    JOIN portal.customer c ON c.id = r.customer_id
    JOIN crm.activity a ON a.entry_id = c.chain || '/' || r.seq
    WHERE r.action = 'profile:changed' AND r.actor_kind = 'customer' ORDER BY 1"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=50, help="edits a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with a_database() as (admin_url, url):
        asyncio.run(measure(admin_url, url, options.rate, options.seconds, options.workers))


@contextmanager
def a_database() -> Iterator[tuple[str, URL]]:
    with TemporaryDirectory(prefix="portal-bench-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "postgres"
        with embedded(home) as server, psycopg.connect(server.admin_url, autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET track_commit_timestamp = on")
        with embedded(home) as server:
            initialise(server.admin_url, dict.fromkeys(Role, PASSWORD), database="bench")
            url = make_url(server.url("bench")).set(drivername="postgresql+psycopg")
            migrate(url.set(username=Role.OWNER.user, password=PASSWORD))
            yield server.url("bench"), url


async def measure(admin_url: str, url: URL, rate: float, seconds: float, workers: int) -> None:
    catalogue, keys = load(resource("catalogue.toml")), KeyRing(b64decode(KEY))
    async with (
        Database(url.set(username=Role.WORKER.user, password=PASSWORD)) as worker,
        Database(url.set(username=Role.CUSTOMER.user, password=PASSWORD), pool_size=20) as customer,
    ):
        store = RecordStore(worker, keys, catalogue, "bench")
        line = Line("embedded", EmbeddedCrm(worker), store, 100, timedelta(seconds=30))
        await register(worker, [line])
        customers = [await a_customer(store, number) for number in range(CUSTOMERS)]
        await throughput(line, "new contacts")
        for each in customers:
            await edit(store, each, "she")
        await throughput(line, "changed contacts, one change record each")
        with worker_processes(url, workers):
            await asyncio.sleep(3)
            await steady(RecordStore(customer, keys, catalogue, "bench"), customers, rate, seconds)
            await asyncio.sleep(2)
    report(admin_url, rate, workers)


async def a_customer(store: RecordStore, number: int) -> UUID:
    values = {"profile/given_name": "Alice", "profile/family_name": f"Marsh {number}", "profile/language": "en"}
    point = f"contact_points/{uuid4()}"
    values |= {f"{point}/system": "email", f"{point}/value": f"alice{number}@example.com", f"{point}/use": "private"}
    stored = await create(
        store, str(number), Intention("customer:created", SYSTEM, uuid4()), {**values, f"{point}/rank": 1}
    )
    return stored.record.id


async def edit(store: RecordStore, customer: UUID, pronouns: str, *, kind: ActorKind = ActorKind.SYSTEM) -> None:
    actor = Actor(kind, str(customer), "portal")
    await change(store, customer, Intention("profile:changed", actor, uuid4()), {"profile/pronouns": pronouns})


async def throughput(line: Line, what: str) -> None:
    began, rows = time.perf_counter(), 0
    while done := await drain(line):
        rows += done
    print(f"{rows / (time.perf_counter() - began):7.0f} rows/s   one worker, batches of {line.batch}: {what}")


@contextmanager
def worker_processes(url: URL, number: int) -> Iterator[None]:
    environment = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "development",
        "LOG_LEVEL": "warning",
        "DATABASE_URL": url.set(username=None).render_as_string(hide_password=False),
        "DATABASE_WORKER_PASSWORD": PASSWORD,
        "KEY_ENCRYPTION_KEY": KEY,
    }
    with ExitStack() as stack:
        for _ in range(number):
            process = subprocess.Popen([sys.executable, "-m", "portal", "work"], env=environment)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        yield


async def steady(store: RecordStore, customers: list[UUID], rate: float, seconds: float) -> None:
    """Edits at a fixed rate, whether or not the ones before are done: what waits, waits in the measurement."""
    began = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - asyncio.get_running_loop().time()))
            pronouns = ("they", "he", "she")[number // len(customers) % 3]
            someone = customers[number % len(customers)]
            tasks.create_task(edit(store, someone, pronouns, kind=ActorKind.CUSTOMER))


def report(admin_url: str, rate: float, workers: int) -> None:
    with psycopg.connect(admin_url) as admin:
        latencies = [float(row[0]) for row in admin.execute(LATENCIES.encode())]
        behind = admin.execute("SELECT count(*) FROM portal.sync_state WHERE synced_seq < desired_seq").fetchall()[0][0]
    print(f"commit to CRM-visible at {rate:g} edits/s, {workers} worker(s), {len(latencies)} changes")
    print(f"   {behind} customers still behind")
    for share in (50, 90, 99, 100):
        print(f"   p{share:<3} {latencies[min(len(latencies) - 1, len(latencies) * share // 100)]:7.1f} ms")


if __name__ == "__main__":
    main()
