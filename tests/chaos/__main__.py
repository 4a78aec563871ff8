"""A storm: customers and agents edit the same records while workers and web processes are killed, PostgreSQL crashes
twice, and a CRM without a fence does what CRMs do on a bad day. Then everything is left to come to rest, and what must
hold is asked for and printed.

    make chaos                                  about three minutes
    python -m tests.chaos --seconds 30          a breeze
    python -m tests.chaos --seed 7              the same order of misfortunes
"""

import argparse
import asyncio
import logging
import os
import random
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx2
import psycopg
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import URL, make_url

from portal.audit.values import Value
from portal.db.database import Role
from portal.db.migrations import migrate
from portal.db.roles import initialise
from tests.builders import a_contact_point, a_customer
from tests.chaos.agents import Agents
from tests.chaos.crm import LATEST_SECONDS, FaultyHubSpot
from tests.chaos.invariants import Finding, findings
from tests.chaos.lines import both
from tests.chaos.load import Person, people
from tests.chaos.weather import Weather
from tests.conftest import KEY, PASSWORD, Stores, make_settings, open_stores

CUSTOMERS = 12
WEB, WORKERS = 2, 3
SECONDS_TO_REST = 75
BEHIND = """
    SELECT count(*) AS rows FROM portal.sync_state WHERE status <> 'synced' OR synced_seq <> desired_seq
        OR push_due_at IS NOT NULL OR pull_due_at IS NOT NULL OR verify_at IS NOT NULL"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=110, help="how long the storm lasts")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    options = parser.parse_args()
    logging.disable()  # of what goes wrong, what is printed in the end counts
    with TemporaryDirectory(prefix="portal-chaos-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        sys.exit(asyncio.run(storm(Path(folder), options.seconds, options.seed)))


async def storm(home: Path, seconds: float, seed: int) -> int:
    console, chance = Console(soft_wrap=True, highlight=False), random.Random(seed)
    console.print(f"Seed {seed}. {CUSTOMERS} customers, {WEB} web processes, {WORKERS} workers, {seconds:g} seconds.")
    weather = Weather(home, chance)
    try:
        crm = FaultyHubSpot(chance=random.Random(seed))
        async with crm.serving(), company(weather, crm.url) as (stores, customers, origins):
            crm.faulty = 15
            who, agents = await people(stores.staff, customers), Agents(stores.staff, crm, random.Random(seed))
            await blow(weather, who, agents, origins, seconds)
            crm.faulty = 0
            rested = await rest(weather, stores)
            found = [each async for each in findings(stores, who, crm)]
        return report(console, weather, crm, who, agents, rested, found, seconds)
    finally:
        weather.end()


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
    async with open_stores(make_settings(url, database_pool_size=8), both()) as stores:
        for number in range(WORKERS):
            weather.launch(f"worker-{number}", "tests.chaos.worker")
        for number, port in enumerate(ports):
            weather.environment["PUBLIC_URL"] = f"http://localhost:{port}"
            weather.launch(f"web-{number}", "portal", "serve", "--port", str(port))
        customers = [
            (await a_customer(stores.worker, values=an_address(n), family_name=f"Marsh-{n}")).record.id
            for n in range(CUSTOMERS)
        ]
        origins = [f"http://localhost:{port}" for port in ports]
        for origin in origins:
            await until_it_answers(origin)
        yield stores, customers, origins


def an_address(number: int) -> dict[str, Value]:
    """An e-mail address of one's own: HubSpot has each once."""
    return a_contact_point("email", f"customer-{number}@example.com", rank=1)


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


async def blow(weather: Weather, who: list[Person], agents: Agents, origins: list[str], seconds: float) -> None:
    """Everybody edits; every few seconds something dies and comes back."""
    stop, began = asyncio.Event(), time.monotonic()
    crashes = [seconds / 3, seconds * 2 / 3]
    with Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), transient=True) as bar:
        task = bar.add_task("storm", total=seconds)
        async with asyncio.TaskGroup() as tasks:
            for person in who:
                tasks.create_task(person.use(origins, stop))
            tasks.create_task(agents.work([person.customer for person in who], stop))
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
    await asyncio.sleep(LATEST_SECONDS + 2)  # what was given up lands, and what agents wrote last is told
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
    crm: FaultyHubSpot,
    who: list[Person],
    agents: Agents,
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
        f"Agents edited {len(crm.edits)} times in HubSpot, of which {len(crm.overtaken)} were overtaken by calls that "
        f"could not know, and {agents.at_the_desk} times at the desk.\n"
        f"HubSpot was called {len(crm.calls)} times; {crm.faults} calls failed, {crm.late} of these were done late.\n"
        + (f"At rest {rested:.1f} seconds after the storm." if rested is not None else "It did not come to rest.")
    )
    table = Table("what must hold", "looked at", "")
    for each in found:
        table.add_row(each.law, str(each.looked_at), f"BROKEN: {list(each.broken)[:3]}" if each.broken else "holds")
    console.print(table)
    return 1 if rested is None or any(each.broken for each in found) else 0


if __name__ == "__main__":
    main()
