"""How many logins a second one web process carries through a real identity provider: npm's oidc-provider, which insists
on pushed requests, PKCE and a client that signs with its key. Takes about half a minute, with a database of its own.

    python -m bench.logins --people 8 --seconds 10

Everybody logs in through the provider's pages once, and then again and again with the session that they have there: so
each further login is a pushed request, the way to the provider and back, a code, a token, userinfo, and a session. The
provider is a process of its own; what the portal's process alone needs is told in milliseconds of its processor time.
"""

import argparse
import asyncio
import os
import re
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import httpx2
import psutil
from sqlalchemy import URL, make_url

from portal.audit.cipher import KeyRing
from portal.audit.entry import Actor, ActorKind
from portal.catalogue import load
from portal.db.database import Database, Role
from portal.db.embedded import embedded
from portal.db.migrations import migrate
from portal.db.roles import initialise
from portal.paths import resource
from portal.record.change import Intention, create
from portal.record.store import RecordStore
from tests.providers.running import OidcProvider, free_port, oidc_provider

KEY = "YSBrZXkgZm9yIGJlbmNobWFya3MgYW5kIG5vIGVsc2U="
PASSWORD = "bench"
MOST_PEOPLE, MOST_SECONDS = 32, 60
SYSTEM = Actor(ActorKind.SYSTEM, "bench", "cli")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=8, choices=range(1, MOST_PEOPLE + 1), metavar=f"1..{MOST_PEOPLE}")
    parser.add_argument("--seconds", type=float, default=10, help=f"at most {MOST_SECONDS}")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="portal-bench-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with embedded(folder / "postgres") as server:
            initialise(server.admin_url, dict.fromkeys(Role, PASSWORD), database="bench")
            url = make_url(server.url("bench")).set(drivername="postgresql+psycopg")
            migrate(url.set(username=Role.OWNER.user, password=PASSWORD))
            origin = f"http://localhost:{free_port()}"
            with (
                oidc_provider([client(origin)], folder / "provider.log") as provider,
                portal(origin, provider.issuer, url) as process,
            ):
                seconds = min(options.seconds, MOST_SECONDS)
                asyncio.run(measure(origin, provider, url, process, options.people, seconds))


def client(origin: str) -> dict[str, object]:
    callback = f"{origin}/login/callback/customer/main"
    return {"client_id": "bench", "redirect_uris": [callback], "jwks_uri": f"{origin}/.well-known/jwks.json"}


@contextmanager
def portal(origin: str, issuer: str, url: URL) -> Iterator[psutil.Process]:
    """One web process, without limits on how often somebody may log in."""
    environment = {
        "PATH": os.environ["PATH"],
        "ENVIRONMENT": "development",
        "LOG_LEVEL": "warning",
        "PUBLIC_URL": origin,
        "DATABASE_URL": url.set(username=None, drivername="postgresql").render_as_string(hide_password=False),
        **{f"DATABASE_{role.value.upper()}_PASSWORD": PASSWORD for role in Role},
        "KEY_ENCRYPTION_KEY": KEY,
        "LIMIT_LOGINS_PER_ADDRESS": "0",
        "LIMIT_LOGINS_PER_ACCOUNT": "0",
        "CUSTOMER_OIDC__MAIN__ISSUER": issuer,
        "CUSTOMER_OIDC__MAIN__CLIENT_ID": "bench",
        "CUSTOMER_OIDC__MAIN__SCOPES": "openid profile email portal",
        "CUSTOMER_OIDC__MAIN__NUMBER_CLAIM": "customer_number",
    }
    command = [sys.executable, "-m", "portal", "serve", "--port", str(urlsplit(origin).port)]
    process = subprocess.Popen(command, env=environment)
    try:
        wait_for(f"{origin}/health/live", process)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            httpx2.get(address, timeout=2, trust_env=False)
            return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise SystemExit(f"{address} does not answer")


async def measure(
    origin: str, provider: OidcProvider, url: URL, process: psutil.Process, people: int, seconds: float
) -> None:
    numbers = [f"B{number:05}" for number in range(people)]
    await introduce(provider, url, numbers)
    browsers = [httpx2.AsyncClient(trust_env=False, timeout=30) for _ in numbers]
    try:
        pairs = list(zip(browsers, numbers, strict=True))
        began = time.perf_counter()
        await asyncio.gather(*(through_the_pages(browser, origin, number) for browser, number in pairs))
        first = time.perf_counter() - began
        print(f"{people / first:7.1f} logins/s   through the pages, with password and consent, {people} at once")
        cpu, began = busy(process), time.perf_counter()
        taken = await asyncio.gather(*(again_and_again(browser, origin, began + seconds) for browser in browsers))
        lasted, cpu = time.perf_counter() - began, busy(process) - cpu
    finally:
        for browser in browsers:
            await browser.aclose()
    report([one for each in taken for one in each], lasted, cpu, people)


async def introduce(provider: OidcProvider, url: URL, numbers: list[str]) -> None:
    """Everybody is a customer here, and known there by their number."""
    async with Database(url.set(username=Role.WORKER.user, password=PASSWORD)) as worker:
        keys = KeyRing(b64decode(KEY))
        store = RecordStore(worker, keys, load(resource("catalogue.toml")), "bench")
        for number in numbers:
            values = {"profile/given_name": "Alice", "profile/family_name": f"Marsh {number}"}
            await create(store, number, Intention("customer:created", SYSTEM, uuid4()), values)
            await provider.introduce(number, name=f"Alice Marsh {number}", customer_number=number)


async def through_the_pages(browser: httpx2.AsyncClient, origin: str, login: str) -> None:
    page = await follow(browser, f"{origin}/login/start/customer/main")
    page = await send(browser, page, login=login, password=f"{login}'s password")
    page = await send(browser, page)
    assert "Marsh" in page.text, page.text[:500]


async def send(browser: httpx2.AsyncClient, page: httpx2.Response, **typed: str) -> httpx2.Response:
    """Send the form of the provider's page."""
    answer = await browser.post(str(page.url), data=typed)
    return await follow(browser, urljoin(str(page.url), answer.headers["location"]))


async def follow(browser: httpx2.AsyncClient, address: str) -> httpx2.Response:
    return await browser.get(address, follow_redirects=True)


async def again_and_again(browser: httpx2.AsyncClient, origin: str, until: float) -> list[float]:
    """Log in until the time is over; gives how many seconds each took, from the click to the session's cookie."""
    taken = []
    while time.perf_counter() < until:
        began, address = time.perf_counter(), f"{origin}/login/start/customer/main"
        while not re.search(r"/record$", address):
            answer = await browser.get(address)
            assert answer.status_code == 303, f"{address}: {answer.status_code} {answer.text[:300]}"
            address = urljoin(address, answer.headers["location"])
        taken.append(time.perf_counter() - began)
    return taken


def busy(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def report(taken: list[float], lasted: float, cpu: float, people: int) -> None:
    cuts = quantiles(taken, n=20)
    print(f"{len(taken) / lasted:7.1f} logins/s   again, with the session there, {people} at once")
    print(f"{1000 * cuts[9]:7.0f} ms         of a login: the median; {1000 * cuts[18]:.0f} ms 95 in 100")
    print(f"{1000 * cpu / len(taken):7.1f} ms         of processor time of the portal's process for each")
    print(f"{len(taken) / cpu:7.1f} logins/s   that one process could carry if nothing else held it up")
    print(f"{len(taken)} logins in {lasted:.1f} s; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
