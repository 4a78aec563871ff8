"""Starts everything in order, keeps it running, and ends it in order."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import httpx2

from portal.dev import left_over, ports
from portal.dev.announce import Announcer, shown
from portal.dev.children import Child
from portal.dev.database import DemoDatabase, lacks_demo_data, open_database, prepare
from portal.dev.environment import demo_settings, mail_settings, write_for_shell
from portal.dev.folder import forget, hold_folder
from portal.dev.mailbox import catch
from portal.dev.secret_files import own_folder, secret_files
from portal.dev.tryton import Tryton, installed
from portal.errors import Unavailable
from portal.settings import load_settings

SECONDS_TO_GET_READY = 120
SECONDS_TO_STOP = 15


class Supervisor:
    """One run of the demo."""

    def __init__(self, port: int, folder: Path, *, fresh: bool, tryton: bool = False) -> None:
        self._port = port
        self._folder = folder
        self._logs = folder / "log"
        self._fresh = fresh
        self._given_database = os.environ.get("DATABASE_URL")
        self._public_url = f"http://localhost:{port}"
        self._announce = Announcer()
        self._stopping = asyncio.Event()
        self._database: DemoDatabase | None = None
        self._mailbox: asyncio.Server | None = None
        self._programs = installed() if tryton else None
        self._tryton: Tryton | None = None
        self._children: list[Child] = []
        """In the order in which they end."""

    async def run(self) -> int:
        """Serve until a signal comes; returns 0 then.

        Raises:
            PortalError: it cannot start, or a part of it keeps dying. All that was started has ended by then.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        with hold_folder(self._folder):
            left_over.end(self._folder / "children.json")
            ports.require_free(self._port)
            try:
                await self._start()
                await self._watch()
            finally:
                await self._stop()
        return 0

    def _on_signal(self) -> None:
        """The first asks for an orderly end, the second ends it at once."""
        if self._stopping.is_set():
            for child in self._children:
                child.kill()
        else:
            self._stopping.set()
            self._announce.stopping()

    async def _start(self) -> None:
        steps = (self._open_database, self._start_tryton, self._start_children, self._load_demo_data)
        for step in (*steps, self._wait_until_ready):
            if self._stopping.is_set():
                return
            await step()
        if not self._stopping.is_set():
            command = shown(Path(sys.argv[0])) if Path(sys.argv[0]).name == "portal" else "portal"
            files = shown(self._folder / "shell.env"), shown(self._logs)
            mailbox = self._mailbox is not None
            self._announce.ready(self._public_url, *files, command=command, mailbox=mailbox, tryton=self._tryton)

    async def _open_database(self) -> None:
        if self._fresh:
            forget(self._folder, self._given_database)
        own_folder(self._logs)
        settings = secret_files(self._folder / "secrets")
        self._database = await asyncio.to_thread(open_database, self._given_database, self._folder / "postgres")
        self._announce.done(self._database.description)
        self._provider_port = ports.next_free(self._port + 1)
        settings = demo_settings(
            public_url=self._public_url,
            issuer=f"http://127.0.0.1:{self._provider_port}",
            database_url=self._database.url,
            secret_files=settings,
            mail=await self._open_mailbox(),
            crm=self._configure_tryton(),
        )
        write_for_shell(self._folder / "shell.env", settings)
        # From here on this process, and all that it starts, have the demo's settings.
        os.environ.update(settings)
        await asyncio.to_thread(prepare, self._database, load_settings())
        self._announce.done("Roles and tables")

    async def _open_mailbox(self) -> dict[str, str]:
        port, letters = ports.next_free(self._provider_port + 1), self._folder / "mail"
        if mail := mail_settings(port, letters):
            self._mailbox = await catch(port, letters)
        return mail

    def _configure_tryton(self) -> dict[str, str]:
        if self._programs is None:
            return {}
        port = ports.next_free(self._provider_port + 2)
        self._tryton = Tryton(self._programs, self._folder / "tryton", port)
        self._tryton.write_configuration()
        return self._tryton.settings

    async def _start_tryton(self) -> None:
        if self._tryton is None:
            return
        more = {"environment": self._tryton.environment}
        if not self._tryton.is_set_up:
            self._announce.takes_long("Making Tryton's database, once: up to a minute")
            making = Child("tryton-admin", self._logs / "tryton-admin.log", program=self._tryton.set_up(), **more)
            await self._begin(making)
            if not await self._ended_well(making, "Tryton's database cannot be made"):
                return
            self._tryton.has_set_up()
        await self._begin(Child("tryton", self._logs / "tryton.log", program=self._tryton.serve(), **more))
        async with _client() as client:
            await self._wait_for(client, self._tryton.url, f"Tryton in {shown(self._tryton.folder)}", method="OPTIONS")

    async def _start_children(self) -> None:
        logs, tryton = self._logs, self._children
        children = [
            Child("web", logs / "web.log", "portal", "serve", "--reload", "--port", str(self._port)),
            Child("workers", logs / "workers.log", "portal", "work"),
            Child("provider", logs / "provider.log", "portal.dev.provider", "--port", str(self._provider_port)),
        ]
        if await asyncio.to_thread(lacks_demo_data, load_settings()):
            children.insert(2, Child("demo data", logs / "demo-data.log", "portal", "demo", "load"))
        self._children = [*children, *tryton]
        for child in children:
            await child.start()
        self._remember()

    async def _begin(self, child: Child) -> None:
        self._children.append(child)
        await child.start()
        self._remember()

    async def _load_demo_data(self) -> None:
        loading = next((child for child in self._children if child.name == "demo data"), None)
        if loading and await self._ended_well(loading, "The demo data cannot be loaded"):
            self._announce.done("Demo data")

    async def _ended_well(self, child: Child, otherwise: str) -> bool:
        """Wait for a child that does one thing; False if everything is to end before."""
        while child.running and not await self._stopped_within(0.05):
            pass
        if self._stopping.is_set():
            return False
        if child.exit_code != 0:
            raise Unavailable(f"{otherwise}:\n{child.end_of_log()}")
        self._children.remove(child)
        return True

    async def _wait_until_ready(self) -> None:
        provider = f"http://127.0.0.1:{self._provider_port}/.well-known/openid-configuration"
        portal = f"http://127.0.0.1:{self._port}/health/ready"
        async with _client() as client:
            await self._wait_for(client, provider, "Identity provider")
            await self._wait_for(client, portal, "Web and workers")

    async def _wait_for(self, client: httpx2.AsyncClient, url: str, what: str, *, method: str = "GET") -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SECONDS_TO_GET_READY
        answer = "no answer"
        while not await self._stopped_within(0.05):
            with suppress(httpx2.TransportError):
                response = await client.request(method, url)
                if response.is_success:
                    self._announce.done(what)
                    return
                answer = response.text[:500]
            for child in self._children:
                if not child.running:
                    raise Unavailable(f"{child.name} ended with {child.exit_code}:\n{child.end_of_log()}")
            if loop.time() > deadline:
                raise Unavailable(f"{what}: not ready after {SECONDS_TO_GET_READY} seconds: {answer}")

    async def _watch(self) -> None:
        while not await self._stopped_within(0.5):
            for child in self._children:
                for line in child.unexpected():
                    self._announce.unexpected(child.name, line)
                if not child.running:
                    await self._restart(child)
            if self._database and self._database.server and not self._database.server.running:
                raise Unavailable(f"PostgreSQL has ended; see {self._database.server.log}.")

    async def _restart(self, child: Child) -> None:
        log = shown(child.log)
        if not child.restarts_left:
            raise Unavailable(
                f"{child.name} keeps ending, so everything ends. {log} says at its end:\n{child.end_of_log()}"
            )
        self._announce.restarting(child.name, child.exit_code, log)
        await child.start()
        self._remember()

    async def _stop(self) -> None:
        """Web, workers, provider, database: whoever others need goes last."""
        ended = []
        for child in self._children:
            if child.running:
                await child.stop(SECONDS_TO_STOP)
                ended.append(child.name)
        if self._mailbox:
            self._mailbox.close()
        if self._database and self._database.server:
            await asyncio.to_thread(self._database.server.stop)
            ended.append("database")
        (self._folder / "children.json").unlink(missing_ok=True)
        if ended:
            self._announce.stopped(ended)

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    def _remember(self) -> None:
        left_over.remember(self._folder / "children.json", [child.pid for child in self._children if child.pid])


def _client() -> httpx2.AsyncClient:
    """Without the environment: a proxy for the world outside is not for our own machine."""
    return httpx2.AsyncClient(trust_env=False, timeout=5)
