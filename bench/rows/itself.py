"""The record page against itself: with and without row-level security, with more processes, behind PgBouncer; and what
becomes of one customer whom many change at once."""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

from sqlalchemy import make_url

from bench import people
from bench.asking import Measured, ask, middle
from bench.ground import PASSWORD, Ground, Served
from bench.load import Order, Visitor
from bench.processes import free_port, served
from bench.row import CannotBeMeasured, Line, Row, interleaved, median_share, milliseconds, rate, times, told
from portal.audit.entry import Actor, ActorKind
from portal.db.database import Role
from portal.db.embedded.program import account_for
from portal.errors import Unavailable
from portal.record.change import Intention, change
from portal.record.store import RecordStore

SECONDS = 3.0
ROUNDS = 3
ROUNDS_SWITCHED = 5
"""What is taken away and given back is a small part of a page."""
CONNECTIONS = 8
WARM_UP, WARM_UP_SWITCHED = 0.3, 2.0
"""Seconds. Switching row-level security makes every connection plan anew, which is no part of a page."""
AT_ONCE = (1, 8)
CHANGES, ENOUGH = 200, 100

PROTECTED = """SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relrowsecurity AND n.nspname IN ('portal', 'keys')"""


async def row_level_security(ground: Ground) -> Row:
    row = Row(
        "Row-level security",
        "The record page with it and, for the length of a round, without it. Off, nothing but the statement's own "
        "WHERE keeps one customer's rows from another: this is what the second lock costs.",
    )
    with ground.as_administrator() as admin:
        tables = [name for (name,) in admin.execute(PROTECTED).fetchall()]
    who = [people.reading(person, "/record") for person in await people.customers(ground, 40)]
    with ground.portal() as web:

        async def switched(how: str) -> Measured:
            _switch(ground, tables, how)
            return await _ask(ground, web, who, warm_up=WARM_UP_SWITCHED)

        try:
            found = await interleaved(ROUNDS_SWITCHED, {how: partial(switched, how) for how in ("ENABLE", "DISABLE")})
        finally:
            _switch(ground, tables, "ENABLE")
    on, off = middle(found["ENABLE"]), middle(found["DISABLE"])
    row.lines = [
        Line("off", told(off)),
        Line("on", told(on), "off", f"{on.database / off.database - 1:+.0%} PostgreSQL"),
    ]
    return row


async def processes(ground: Ground) -> Row:
    row = Row(
        "One web process and two",
        f"The record page; {os.cpu_count()} cores are shared with PostgreSQL and the load generator.",
    )
    who = [people.reading(person, "/record") for person in await people.customers(ground, 40)]
    with ExitStack() as stack:
        one, two = (stack.enter_context(ground.portal(processes=number)) for number in (1, 2))
        found = await interleaved(
            ROUNDS, {"one": partial(_ask, ground, one, who), "two": partial(_ask, ground, two, who)}
        )
    first, second = middle(found["one"]), middle(found["two"])
    row.lines = [
        Line("one", told(first)),
        Line("two", told(second), "one", f"{times(second.rate / first.rate)} as many a second"),
    ]
    return row


async def pooler(ground: Ground) -> Row:
    row = Row(
        "Behind PgBouncer",
        "The record page through a pooler in transaction mode, as many installations have, and without. What PgBouncer "
        "computes counts with the web process.",
    )
    who = [people.reading(person, "/record") for person in await people.customers(ground, 40)]
    with ExitStack() as stack:
        pid, port, prepares = stack.enter_context(_pgbouncer(ground))
        direct = stack.enter_context(ground.portal())
        pooled = stack.enter_context(
            ground.portal(
                DATABASE_URL=f"postgresql://localhost:{port}/bench",
                DATABASE_PREPARED_STATEMENTS="true" if prepares else "false",
            )
        )
        found = await interleaved(
            ROUNDS, {"direct": partial(_ask, ground, direct, who), "pooled": partial(_ask, ground, pooled, who, pid)}
        )
    first, second = middle(found["direct"]), middle(found["pooled"])
    if not prepares:
        row.notes.append(
            "This PgBouncer, older than 1.21, knows no prepared statements: DATABASE_PREPARED_STATEMENTS=false."
        )
    row.lines = [
        Line("direct", told(first)),
        Line("behind PgBouncer", told(second), "direct", f"{times(second.rate / first.rate)} as many a second"),
    ]
    return row


async def hot(ground: Ground) -> Row:
    row = Row(
        "One hot customer",
        "Changes of one record by several who do not wait for each other, each computed on the version that it finds; "
        "against the same number spread over as many records. Who is too late computes anew, up to eight times. The "
        "one write is called in the bench's own process, without a web process.",
    )
    ids, most = ground.customers(max(AT_ONCE) + 60)[60:], max(AT_ONCE)
    number = max(ENOUGH, int(CHANGES * ground.scale))
    async with ground.store(Role.CUSTOMER, pool_size=20) as store:
        candidates = {
            f"{at_once} at a time, one record": partial(_changes, store, ids[:1], at_once, number)
            for at_once in AT_ONCE
        } | {f"{most} at a time, {len(ids)} records": partial(_changes, store, ids, most, number)}
        found = await interleaved(ROUNDS, candidates)
    row.lines = [_hot_line(what, rounds) for what, rounds in found.items()]
    return row


async def _ask(
    ground: Ground, web: Served, visitors: list[Visitor], *others: int, warm_up: float = WARM_UP
) -> Measured:
    order = Order(web.port, visitors, CONNECTIONS, ground.seconds(SECONDS), warm_up)
    return await ask(order, web=[web.pid, *others], database=ground.postgres)


def _switch(ground: Ground, tables: list[str], how: str) -> None:
    with ground.as_administrator() as admin:
        for table in tables:
            admin.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY".encode())


@contextmanager
def _pgbouncer(ground: Ground) -> Iterator[tuple[int, int, bool]]:
    """PgBouncer in front of the server; gives its process, its port, and whether it knows prepared statements.

    Raises:
        CannotBeMeasured: it is not on this machine.
    """
    program = os.environ.get("PGBOUNCER") or shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        raise CannotBeMeasured(
            "there is no pgbouncer on this machine (Debian: apt-get install pgbouncer; or PGBOUNCER)"
        )
    environment = {"LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}
    folder, port, prepares = ground.folder / "pgbouncer", free_port(), _prepares(program, environment)
    folder.mkdir(exist_ok=True)
    host = str(make_url(ground.admin_url).query["host"])
    (folder / "users.txt").write_text("".join(f'"{role.user}" "{PASSWORD}"\n' for role in Role), encoding="utf-8")
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\nbench = host={host} dbname=bench\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = plain\nauth_file = {folder}/users.txt\npool_mode = transaction\n"
        f"default_pool_size = 20\nignore_startup_parameters = extra_float_digits\n"
        + ("max_prepared_statements = 200\n" if prepares else ""),
        encoding="utf-8",
    )
    command = [program, str(folder / "pgbouncer.ini")]
    if account_for(folder):  # like PostgreSQL it does not run as root
        command[1:1] = ["-u", "nobody"]
    with served(command, environment, folder / "log", port=port, folder=Path("/")) as pid:
        yield pid, port, prepares


def _prepares(program: str, environment: dict[str, str]) -> bool:
    """PgBouncer knows prepared statements from 1.21 on."""
    told = subprocess.run([program, "--version"], env=environment, capture_output=True, text=True, check=True).stdout
    major, minor = (int(part) for part in told.split()[1].split(".")[:2])
    return (major, minor) >= (1, 21)


async def _changes(store: RecordStore, ids: list[UUID], at_once: int, number: int) -> tuple[float, list[float], int]:
    """Changes a second, their latencies, and how many gave up."""
    latencies: list[float] = []
    gave_up = 0

    async def one_after_another(begin: int) -> None:
        nonlocal gave_up
        for turn in range(begin, number, at_once):
            id, began = ids[turn % len(ids)], time.perf_counter()
            intention = Intention("profile:changed", Actor(ActorKind.CUSTOMER, str(id), "portal"), uuid4())
            try:
                await change(store, id, intention, {"profile/call_me": f"{uuid4()}"})
            except Unavailable:
                gave_up += 1
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one_after_another(begin) for begin in range(at_once)))
    return (number - gave_up) / (time.perf_counter() - began), sorted(latencies), gave_up


def _hot_line(what: str, rounds: list[tuple[float, list[float], int]]) -> Line:
    reached = median(each[0] for each in rounds)
    p50, p99 = (milliseconds(median(median_share(each[1], share) for each in rounds)) for share in (0.50, 0.99))
    gave_up = sum(each[2] for each in rounds)
    return Line(what, f"{rate(reached)}; p50 {p50}, p99 {p99}; {gave_up} of {sum(len(r[1]) for r in rounds)} gave up")
