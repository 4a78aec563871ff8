"""Where the time of a page and of a save goes, stage by stage, in CPU time of the web process."""

import logging
import os
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from importlib import import_module
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import structlog
from starlette.applications import Starlette
from starlette.types import Message, Scope

from bench import people
from bench.apps.bare import COOKIES
from bench.asking import ask
from bench.ground import Ground
from bench.load import Order, Visitor
from bench.people import Person
from bench.processes import cpu_seconds
from bench.row import Line, Row, milliseconds
from bench.rows.save import FIELDS
from portal import logs
from portal.settings import Settings, load_settings

REQUESTS = 300
SECONDS = 3.0
PEOPLE = 20

STAGES = {
    "the record from its row (objects, key)": ("portal.web.found.stored_record", "portal.record.read.stored_record",),
    "the last changes (decrypt)": ("portal.record.read.StoredRecord._recent",),
    "database client": ("portal.db.database.Database._run",),
    "session": ("portal.identity.session._find",),
    "what the page says (rules, words)": ("portal.home.views._context",),
    "template": ("portal.web.templates.Templates.render",),
    "compression": ("starlette.middleware.gzip.GZipResponder.apply_compression",),
    "form": (
        "portal.web.policy.posted", "portal.profile.views.section_form", "portal.profile.views.read_form",
        "portal.web.forms.base.Form.__init__", "portal.web.forms.base.Form.validate",
    ),
    "rules (gate)": ("portal.record.change.check",),
    "the record after the change": (
        "portal.record.write._after", "portal.record.change.flatten", "portal.record.write.rows",
    ),
    "entry: encrypt, encode, hash": ("portal.record.write.seal", "portal.record.write.leaf_hash"),
    "log line": ("portal.web.access_log.AccessLogMiddleware._tell",),
    "form token": ("portal.web.form_token.mask", "portal.web.form_token.matches"),
    "drafts": ("portal.web.drafts.discard", "portal.web.drafts.has_arrived"),
    "routing and policy": ("starlette.routing.Router.__call__",),
    "the view": ("portal.web.policy._view",),
    "the change (what differs, the one write)": ("portal.record.change.drafted", "portal.record.change.write"),
    "response: object, and its way out through the middleware": (
        "starlette.responses.Response.__init__", "starlette.responses.Response.__call__",
    ),
}  # fmt: skip
"""What is called what; whatever is in none of them is what stands around the router."""

REST = "middleware"
Call: TypeAlias = Callable[[int], Awaitable[None]]


class Stopwatch:
    """CPU time by stage, each without the stages inside it."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self.stack: list[str] = [REST]
        self.since = time.process_time()

    def switch(self) -> None:
        now = time.process_time()
        self.spent[self.stack[-1]] += now - self.since
        self.since = now

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.switch()
        self.stack.append(name)
        try:
            yield
        finally:
            self.switch()
            self.stack.pop()


async def measure(ground: Ground) -> Row:
    row = Row(
        "Where the time goes",
        "CPU time of the web process for one page and one save, one after another in this process and without a "
        "server; each stage without those inside it. PostgreSQL's own time comes on top, and the server's: what "
        "it costs uvicorn to take a request and to send finished bytes.",
    )
    who = await people.customers(ground, PEOPLE, skip=100)
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, ground.environment(LOG_LEVEL="info")))
        settings = load_settings()
        stack.enter_context(_logging(settings, ground.folder / "profile.log"))
        app = import_module("portal.app").create_app(settings)
        async with app.router.lifespan_context(app) as state:
            asking = _Asking(app, dict(state or {}), who)
            for what, call in (("page", asking.page), ("save", asking.save)):
                row.lines += await _profiled(what, call, int(REQUESTS * ground.scale), ground.postgres)
    with ground.application("bare", **{COOKIES: who[0].cookie}) as bare:
        order = Order(bare.port, [people.reading(who[0], "/bytes", encoding="identity")], 8, ground.seconds(SECONDS))
        measured = await ask(order, web=[bare.pid], database=ground.postgres)
    row.lines.append(Line("server", milliseconds(measured.web)))
    return row


@contextmanager
def _logging(settings: Settings, path: Path) -> Iterator[None]:
    """Log each request as a process that serves does, into a file."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    with path.open("a", encoding="utf-8") as written:
        with redirect_stdout(written):
            logs.configure(settings)
        try:
            yield
        finally:
            root.handlers = before
            root.setLevel(level)
            structlog.reset_defaults()


async def _profiled(what: str, call: Call, number: int, postgres: int) -> list[Line]:
    for turn in range(PEOPLE):
        await call(turn)
    before = cpu_seconds(postgres)
    for turn in range(number):
        await call(turn)
    database = (cpu_seconds(postgres) - before) / number
    watch = Stopwatch()
    with ExitStack() as stack:
        for name, places in STAGES.items():
            for place in places:
                stack.enter_context(_watched(place, name, watch))
        watch.since = time.process_time()
        for turn in range(number):
            await call(turn)
        watch.switch()
    whole = sum(watch.spent.values())
    lines = [Line(f"{what}: all", f"{whole / number * 1000:.2f} ms")]
    for name, seconds in sorted(watch.spent.items(), key=lambda spent: -spent[1]):
        lines.append(Line(f"{what}: {name}", f"{seconds / number * 1000:.2f} ms", "all", f"{seconds / whole:.0%}"))
    return [*lines, Line(f"{what}: PostgreSQL", milliseconds(database), "all", "on top")]


@contextmanager
def _watched(place: str, name: str, watch: Stopwatch) -> Iterator[None]:
    owner, attribute = _owner(place)
    original = getattr(owner, attribute)

    async def slow(*args: Any, **kwargs: Any) -> Any:
        with watch.stage(name):
            return await original(*args, **kwargs)

    def quick(*args: Any, **kwargs: Any) -> Any:
        with watch.stage(name):
            return original(*args, **kwargs)

    with patch.object(owner, attribute, slow if iscoroutinefunction(original) else quick):
        yield


def _owner(place: str) -> tuple[Any, str]:
    path, _, attribute = place.rpartition(".")
    try:
        return import_module(path), attribute
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(import_module(module), name), attribute


class _Asking:
    """The application, asked without a server in between."""

    def __init__(self, app: Starlette, state: dict[str, Any], who: list[Person]) -> None:
        self.app, self.state = app, state
        self.pages = [people.reading(person, "/record") for person in who]
        self.saves = [people.saving(person, FIELDS) for person in who]

    async def page(self, turn: int) -> None:
        await self._ask(self.pages[turn % PEOPLE], 200)

    async def save(self, turn: int) -> None:
        await self._ask(self.saves[turn % PEOPLE], 303)

    async def _ask(self, visitor: Visitor, expected: int) -> None:
        head, _, body = visitor.next().decode().partition("\r\n\r\n")
        status: list[int] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body.encode(), "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                status.append(message["status"])

        await self.app(self._scope(head), receive, send)
        if status != [expected]:
            raise RuntimeError(f"{status} instead of {expected}")

    def _scope(self, head: str) -> Scope:
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ")
        pairs = [line.split(": ", 1) for line in lines]
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "app": self.app,
            "headers": [(name.lower().encode(), value.encode()) for name, value in pairs], "state": dict(self.state),
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
