"""The whole portal as processes of its own, on ports of its own: identity provider, web, worker."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

import httpx2
import psycopg
from sqlalchemy import URL

from portal.db.database import Role
from portal.dev.environment import mail_settings
from portal.dev.mailbox import catch
from tests.conftest import KEY, PASSWORD

SECONDS_TO_GET_READY = 60
SECONDS_TO_STOP = 15
LOG_ORIGIN = "northwind.test"

BEHIND = "SELECT FROM portal.sync_state WHERE synced_seq IS DISTINCT FROM desired_seq LIMIT 1"


class Process:
    """A Python module that runs until it is stopped, by its id and nothing else. What it says goes into a file."""

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str], *arguments: str) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._read = 0
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", *arguments],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    async def stop(self) -> int:
        """Ask it to end and wait; gives its exit code. One that does not listen is killed, which the code tells."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return await asyncio.to_thread(self._process.wait, SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return await asyncio.to_thread(self._process.wait)

    def complaints(self) -> list[str]:
        """What it has said since the last look that no healthy process says: errors, and what is no log line."""
        with self.log.open("rb") as log:
            log.seek(self._read)
            complete, newline, _ = log.read().rpartition(b"\n")
        self._read += len(complete + newline)
        return [f"{self.name}: {line}" for line in complete.decode(errors="replace").splitlines() if _complains(line)]


def _complains(line: str) -> bool:
    try:
        event = json.loads(line)
    except ValueError:
        return bool(line.strip())
    return not isinstance(event, dict) or event.get("level") in ("error", "critical") or "exception" in event


class Stack:
    """A running portal and its provider."""

    def __init__(self, url: str, issuer: str, database: URL, environment: Mapping[str, str], folder: Path) -> None:
        self.url = url
        self.issuer = issuer
        self.database = database
        self.folder = folder
        self._environment = environment
        self.processes: list[Process] = []

    def start(self, name: str, *arguments: str) -> Self:
        self.processes.append(Process(name, self.folder, self._environment, *arguments))
        return self

    async def portal(self, *arguments: str) -> tuple[int, str]:
        """Run a command of the operator's; gives exit code and what it said."""
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "portal", *arguments),
            cwd=self.folder,
            env={**self._environment, "COLUMNS": "200"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await command.communicate()
        assert command.returncode is not None
        return command.returncode, said.decode()

    async def introduce(self, login: str, **claims: object) -> None:
        """Make somebody known to the identity provider."""
        async with httpx2.AsyncClient(trust_env=False) as client:
            answer = await client.put(f"{self.issuer}/users/{login}", json=claims)
            assert answer.is_success, answer.text

    def complaints(self) -> list[str]:
        return [complaint for process in self.processes for complaint in process.complaints()]

    async def wait_until_ready(self) -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as client:
            await self._wait_for(client, f"{self.issuer}/.well-known/openid-configuration")
            await self._wait_for(client, f"{self.url}/health/ready")

    async def wait_until_delivered(self) -> None:
        """Until every CRM has all that was saved so far."""
        async with asyncio.timeout(SECONDS_TO_GET_READY), self.as_administrator() as administrator:
            while await (await administrator.execute(BEHIND)).fetchone():
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def as_administrator(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Behind the portal's back, as nobody but the database's administrator could."""
        address = self.database.set(drivername="postgresql").render_as_string(hide_password=False)
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
            yield connection

    async def _wait_for(self, client: httpx2.AsyncClient, url: str) -> None:
        answer = "no answer"
        with suppress(TimeoutError):
            async with asyncio.timeout(SECONDS_TO_GET_READY):
                while all(process.running for process in self.processes):
                    with suppress(httpx2.TransportError):
                        response = await client.get(url)
                        if response.is_success:
                            return
                        answer = response.text
                    await asyncio.sleep(0.05)
        logs = "\n".join(f"--- {p.log}\n{p.log.read_text(errors='replace')[-4000:]}" for p in self.processes)
        raise AssertionError(f"{url} is not ready: {answer}\n{logs}")


@asynccontextmanager
async def running_stack(database: URL, folder: Path) -> AsyncIterator[Stack]:
    """Provider, mailbox, web and one worker on a migrated database, for the length of an `async with` block.

    Raises:
        AssertionError: at the end, if one of them did not end by itself, or wrote of an error nobody asked about.
    """
    web, provider = _free_ports(2)
    url, issuer = f"http://localhost:{web}", f"http://127.0.0.1:{provider}"
    mail = await catch(0, folder / "mail")
    environment = _environment(url, issuer, database, folder) | mail_settings(
        mail.sockets[0].getsockname()[1], folder / "mail"
    )
    stack = Stack(url, issuer, database, environment, folder)
    try:
        stack.start("provider", "portal.dev.provider", "--port", str(provider))
        stack.start("web", "portal", "serve", "--port", str(web))
        stack.start("worker", "portal", "work")
        await stack.wait_until_ready()
        yield stack
    finally:
        # The last one started needs the others, so it goes first. The provider knows no orderly end.
        ends = {process.name: await process.stop() for process in reversed(stack.processes)}
        mail.close()
    assert (ends["web"], ends["worker"]) == (0, 0), f"{ends}; see {folder}"
    complaints = stack.complaints()
    assert not complaints, "\n".join(complaints)


def _free_ports(count: int) -> list[int]:
    listeners = [socket.socket() for _ in range(count)]
    for listener in listeners:
        listener.bind(("127.0.0.1", 0))
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def _environment(url: str, issuer: str, database: URL, folder: Path) -> dict[str, str]:
    """Everything the processes know: nothing of the developer's own settings is in it."""
    return {
        **{name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "SYSTEMROOT") if name in os.environ},
        "HOME": str(folder),
        "PYTHONUNBUFFERED": "1",
        "ENVIRONMENT": "development",
        "PUBLIC_URL": url,
        "LOG_ORIGIN": LOG_ORIGIN,
        "DATABASE_URL": database.set(username=None, drivername="postgresql").render_as_string(hide_password=False),
        **{f"DATABASE_{role.value.upper()}_PASSWORD": PASSWORD for role in Role},
        "DATABASE_POOL_SIZE": "5",
        "KEY_ENCRYPTION_KEY": KEY,
        "DEFAULT_TIME_ZONE": "Europe/London",
        "BRAND_NAME": "Northwind Energy",
        "CUSTOMER_OIDC__MAIN__ISSUER": issuer,
        "CUSTOMER_OIDC__MAIN__CLIENT_ID": "northwind-customers",
        "CUSTOMER_OIDC__MAIN__CLIENT_SECRET": "test",
        "CUSTOMER_OIDC__MAIN__LABEL": "Northwind",
        "CUSTOMER_OIDC__MAIN__NUMBER_CLAIM": "customer_number",
        # Who looks at many pages has logged in once, a while ago.
        "STEP_UP_MINUTES": "600",
        "STAFF_OIDC__MAIN__ISSUER": issuer,
        "STAFF_OIDC__MAIN__CLIENT_ID": "northwind-staff",
        "STAFF_OIDC__MAIN__CLIENT_SECRET": "test",
        "STAFF_OIDC__MAIN__ROLES": "agent=agent,auditor=auditor,operator=operator",
        "SYNC_IDLE_MILLISECONDS": "200",
    }
