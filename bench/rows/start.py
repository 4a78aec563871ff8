"""How long until the first answer, and how much memory the processes hold."""

import asyncio
import socket
import time
from statistics import median

from bench import people
from bench.asking import ask
from bench.ground import Ground, Served
from bench.load import Order
from bench.processes import family, free_port, program, proportional_megabytes, python, resident_megabytes
from bench.row import Line, Row

ROUNDS = 3
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


async def measure(ground: Ground) -> Row:
    row = Row(
        "Start and memory",
        "From the command `portal serve` to the first page that it answers with; and what each process holds "
        "in memory (resident: what it shares with others counts in full; PSS: shared parts divided), idle and after "
        "some seconds of record pages.",
    )
    seconds = [_first_answer(ground) for _ in range(ROUNDS)]
    middle = median(seconds)
    row.lines.append(Line("serve to first answer", f"{middle:.2f} s", "", "", "< 1.5 s", middle < 1.5))
    with ground.portal() as web:
        who = await people.customers(ground, 40)
        row.lines.append(_memory("web process, idle", web))
        order = Order(web.port, [people.reading(person, "/record") for person in who], 8, ground.seconds(6))
        await ask(order, web=[web.pid], database=ground.postgres)
        row.lines.append(_memory("web process, under load", web))
    with ground.workers(1) as pids:
        await asyncio.sleep(3)
        row.lines.append(_memory("worker, idle", Served(0, pids[0])))
        with ground.as_administrator() as admin:
            admin.execute("UPDATE portal.sync_state SET push_due_at = clock_timestamp() WHERE connector = 'embedded'")
        await asyncio.sleep(3)
        row.lines.append(_memory("worker, under load", Served(0, pids[0])))
    return row


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


def _memory(what: str, served: Served) -> Line:
    largest = max(family(served.pid), key=resident_megabytes)
    resident, proportional = resident_megabytes(largest), proportional_megabytes(largest)
    return Line(what, f"{resident:.0f} MB resident, {proportional:.0f} MB PSS", "", "", "< 120 MB", resident < 120)
