"""How long until the first answer, and how much memory the processes hold."""

import asyncio
import socket
import time
from statistics import median
from typing import TypeAlias

from bench import people
from bench.asking import ask
from bench.ground import Ground, Served
from bench.load import Order
from bench.processes import family, free_port, program, proportional_megabytes, python, resident_megabytes
from bench.row import Line, Row

ROUNDS = 3
SECONDS = 6.0
DUE = """
UPDATE portal.sync_state SET push_due_at = clock_timestamp(), synced_seq = 0 WHERE (connector, customer_id) IN (
    SELECT connector, customer_id FROM portal.sync_state WHERE connector = 'embedded' AND push_due_at IS NULL
    FOR UPDATE SKIP LOCKED)
"""
Held: TypeAlias = tuple[float, float]
"""Megabytes of a process: resident, and PSS."""

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def measure(ground: Ground) -> Row:
    row = Row(
        "Start and memory",
        "From the command `portal serve` to the first page that it answers with; and what each process holds "
        "in memory (resident: what it shares with others counts in full; PSS: shared parts divided): idle, a web "
        "process after some seconds of record pages, and the most that a worker has while there is always somebody to "
        "bring to the built-in CRM with their whole history.",
    )
    seconds = [_first_answer(ground) for _ in range(ROUNDS)]
    middle = median(seconds)
    row.lines.append(Line("serve to first answer", f"{middle:.2f} s", "", "", "< 1.5 s", middle < 1.5))
    with ground.portal() as web:
        who = await people.customers(ground, 40)
        row.lines.append(_memory("web process, idle", [_held(web)]))
        order = Order(web.port, [people.reading(person, "/record") for person in who], 8, ground.seconds(SECONDS))
        await ask(order, web=[web.pid], database=ground.postgres)
        row.lines.append(_memory("web process, under load", [_held(web)]))
    with ground.workers(1) as pids:
        worker = Served(0, pids[0])
        await asyncio.sleep(3)
        row.lines.append(_memory("worker, idle", [_held(worker)]))
        row.lines.append(_memory("worker, under load", await _draining(ground, worker)))
    return row


async def _draining(ground: Ground, worker: Served) -> list[Held]:
    """What the worker holds while there is always somebody who is due, with their whole history."""
    held, ends = [], time.monotonic() + max(3.0, ground.seconds(SECONDS))
    with ground.as_administrator() as admin:
        while time.monotonic() < ends:
            admin.execute(DUE)
            await asyncio.sleep(0.1)
            held.append(_held(worker))
    return held


def _first_answer(ground: Ground) -> float:
    port = free_port()
    began = time.perf_counter()
    command = python("-m", "portal", "serve", "--port", str(port))
    with program(command, ground.environment(), ground.folder / "web.log"):
        while not _answers(port):
            if time.perf_counter() - began > 30:
                raise RuntimeError("portal serve gives no answer")
            time.sleep(0.005)
        return time.perf_counter() - began


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(REQUEST)
            return connection.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _held(served: Served) -> Held:
    largest = max(family(served.pid), key=resident_megabytes)
    return resident_megabytes(largest), proportional_megabytes(largest)


def _memory(what: str, looks: list[Held]) -> Line:
    resident, proportional = max(looks)
    return Line(what, f"{resident:.0f} MB resident, {proportional:.0f} MB PSS", "", "", "< 120 MB", resident < 120)
