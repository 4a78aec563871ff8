"""A storm: customers edit while workers and web processes are killed, PostgreSQL crashes twice, and a CRM does what
CRMs do on a bad day. Then everything is left to come to rest, and what must hold is asked for and printed.

    make chaos                                  about three minutes
    python -m tests.chaos --seconds 30          a breeze
    python -m tests.chaos --seed 7              the same order of misfortunes
"""

import argparse
import asyncio
import os
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx2
import psycopg
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import URL, make_url

from portal.catalogue import load
from portal.crm.embedded import EmbeddedCrm
from portal.db.database import Role
from portal.db.migrations import migrate
from portal.db.roles import initialise
from portal.paths import resource
from portal.sync.line import Line
from tests.builders import a_customer
from tests.chaos.crm import FaultyCrm
from tests.chaos.invariants import Finding, findings
from tests.chaos.load import Person, people
from tests.chaos.weather import Weather
from tests.conftest import KEY, PASSWORD, Stores, make_settings, open_stores

CUSTOMERS = 12
WEB, WORKERS = 2, 3
SECONDS_TO_REST = 75
BEHIND = "SELECT count(*) AS rows FROM portal.sync_state WHERE status <> 'synced' OR synced_seq <> desired_seq"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=110, help="how long the storm lasts")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    options = parser.parse_args()
    with TemporaryDirectory(prefix="portal-chaos-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        sys.exit(asyncio.run(storm(Path(folder), options.seconds, options.seed)))


async def storm(home: Path, seconds: float, seed: int) -> int:
    console, chance = Console(soft_wrap=True, highlight=False), random.Random(seed)
    console.print(f"Seed {seed}. {CUSTOMERS} customers, {WEB} web processes, {WORKERS} workers, {seconds:g} seconds.")
    weather = Weather(home, chance)
    try:
        crm = FaultyCrm(random.Random(seed))
        with bound() as listening:
            async with serving(crm, listening) as url, company(weather, url) as (stores, customers, origins):
                crm.faulty = 15
                who = await people(stores.staff, customers)
                await blow(weather, who, origins, seconds)
                crm.faulty = 0
                rested = await rest(weather, stores)
                line = Line("embedded", EmbeddedCrm(stores.worker.database), stores.worker, 1, timedelta(seconds=9))
                found = [each async for each in findings(stores, who, crm, line)]
        return report(console, weather, crm, who, rested, found, seconds)
    finally:
        weather.end()


@contextmanager
def bound() -> Iterator[socket.socket]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        yield listening


@asynccontextmanager
async def serving(crm: FaultyCrm, listening: socket.socket) -> AsyncIterator[str]:
    """The CRM, at an address of its own."""
    server = uvicorn.Server(uvicorn.Config(crm.app(), log_config=None, access_log=False))
    running = asyncio.create_task(server._serve([listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    await running


@asynccontextmanager
async def company(weather: Weather, crm: str) -> AsyncIterator[tuple[Stores, list[UUID], list[str]]]:
    """Database, workers and web processes; customers who are in both CRMs."""
    initialise(weather.postgres.admin_url, dict.fromkeys(Role, PASSWORD), database="chaos")
    url: URL = make_url(weather.postgres.url("chaos")).set(drivername="postgresql+psycopg")
    migrate(url.set(username=Role.OWNER.user, password=PASSWORD))
    ports = [free_port() for _ in range(WEB)]
    weather.environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.getcwd(),
        "ENVIRONMENT": "development",
        "LOG_LEVEL": "warning",
        "DATABASE_URL": url._replace(username=None, password=None).render_as_string(hide_password=False),
        "KEY_ENCRYPTION_KEY": KEY,
        "FAULTY_CRM": crm,
        **{f"DATABASE_{role.value.upper()}_PASSWORD": PASSWORD for role in Role},
    }
    async with open_stores(make_settings(url, database_pool_size=8), load(resource("catalogue.toml"))) as stores:
        for number in range(WORKERS):
            weather.launch(f"worker-{number}", "tests.chaos.worker")
        for number, port in enumerate(ports):
            weather.environment["PUBLIC_URL"] = f"http://localhost:{port}"
            weather.launch(f"web-{number}", "portal", "serve", "--port", str(port))
        customers = [(await a_customer(stores.worker)).record.id for _ in range(CUSTOMERS)]
        origins = [f"http://localhost:{port}" for port in ports]
        for origin in origins:
            await until_it_answers(origin)
        yield stores, customers, origins


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_it_answers(origin: str) -> None:
    async with asyncio.timeout(60), httpx2.AsyncClient(trust_env=False) as client:
        while True:
            with suppress(httpx2.TransportError):
                if (await client.get(f"{origin}/health/live")).status_code == 200:
                    return
            await asyncio.sleep(0.2)


async def blow(weather: Weather, who: list[Person], origins: list[str], seconds: float) -> None:
    """Everybody edits; every few seconds something dies and comes back."""
    stop, began = asyncio.Event(), time.monotonic()
    crashes = [seconds / 3, seconds * 2 / 3]
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), transient=True) as bar:
        task = bar.add_task("storm", total=seconds)
        async with asyncio.TaskGroup() as tasks:
            for person in who:
                tasks.create_task(person.use(origins, stop))
            while (now := time.monotonic() - began) < seconds:
                await asyncio.sleep(weather.chance.uniform(2, 5))
                if crashes and now > crashes[0]:
                    crashes.pop(0)
                    bar.update(task, description="PostgreSQL crashes")
                    await asyncio.to_thread(weather.crash)
                else:
                    await strike(weather, origins)
                bar.update(task, completed=now, description="storm")
            stop.set()


async def strike(weather: Weather, origins: list[str]) -> None:
    """Kill a worker, or one web process, and put another in its place."""
    name = weather.kill(weather.chance.choice(["worker", "worker", "web"]))
    await asyncio.sleep(weather.chance.uniform(0, 1))
    if name.startswith("worker"):
        weather.launch(name, "tests.chaos.worker")
    else:
        origin = origins[int(name.partition("-")[2])]
        weather.environment["PUBLIC_URL"] = origin
        weather.launch(name, "portal", "serve", "--port", origin.rpartition(":")[2])


async def rest(weather: Weather, stores: Stores) -> float | None:
    """Seconds until every CRM has everything; None if that took too long."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < SECONDS_TO_REST:
        with suppress(psycopg.OperationalError):
            row = await stores.worker.database.fetch_one(BEHIND)
            if row is not None and row["rows"] == 0:
                return waited
        await asyncio.sleep(0.5)
    return None


def report(
    console: Console,
    weather: Weather,
    crm: FaultyCrm,
    who: list[Person],
    rested: float | None,
    found: list[Finding],
    seconds: float,
) -> int:
    acknowledged = sum(len(person.acknowledged) for person in who)
    console.print(
        f"{acknowledged} edits were acknowledged ({acknowledged / seconds:.1f} a second); "
        f"{sum(person.lost for person in who)} requests got no answer and were sent again.\n"
        f"Killed: {weather.killed['worker']} workers, {weather.killed['web']} web processes; "
        f"PostgreSQL crashed {weather.killed['postgres']} times.\n"
        f"The faulty CRM was called {len(crm.calls)} times, and {crm.faults} of its answers were wrong.\n"
        + (f"At rest {rested:.1f} seconds after the storm." if rested is not None else "It did not come to rest.")
    )
    table = Table("what must hold", "looked at", "")
    for each in found:
        table.add_row(each.law, str(each.looked_at), f"BROKEN: {list(each.broken)[:3]}" if each.broken else "holds")
    console.print(table)
    return 1 if rested is None or any(each.broken for each in found) else 0


if __name__ == "__main__":
    main()
