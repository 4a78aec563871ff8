"""From a customer's save to the moment at which an agent sees it in the built-in CRM."""

import asyncio
import time
from math import ceil
from statistics import median
from uuid import UUID, uuid4

from bench.ground import Ground
from bench.row import Line, Row, median_share
from portal.audit.entry import Actor, ActorKind
from portal.db.database import Role
from portal.record.change import Intention, change
from portal.record.store import RecordStore

RATES = (10, 100, 500)
SECONDS = 8.0
ROUNDS = 3
WORKERS = 1
EDITORS = 20
PATIENCE = 20.0
ENOUGH = 100
"""Edits at each rate, in all rounds together: fewer have no p99."""
REACHED = 0.95
"""The share of a rate that has to be reached for its aim to be asked for."""

LATENCIES = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(a.xmin) - pg_xact_commit_timestamp(r.xmin))
FROM portal.change_record r JOIN portal.customer c ON c.id = r.customer_id
JOIN crm.activity a ON a.entry_id = c.chain || '/' || r.seq WHERE r.actor_id = %s ORDER BY 1
"""
LEFT = """
SELECT count(*) FROM portal.change_record r
JOIN portal.sync_state s ON s.customer_id = r.customer_id AND s.connector = 'embedded'
WHERE r.actor_id = %s AND s.synced_seq < r.seq
"""


async def measure(ground: Ground) -> Row:
    row = Row(
        "Saved to agent-visible",
        f"Edits come at a fixed rate whether or not those before are done, spread over 200 customers; {WORKERS} worker "
        "brings them to the built-in CRM. A latency begins with the commit of the save and ends with that of its line "
        "in the CRM, by PostgreSQL's own commit timestamps: what an edit waited for a connection before is none of it, "
        "and measuring adds nothing to it. Percentiles are over the edits of all rounds. The edits are made by the "
        f"one write in the bench's own process, without a web process: where less than {REACHED:.0%} of a rate was "
        "reached, that process or the machine was at its limit, and whether the aim holds at that rate is not known.",
    )
    customers = ground.customers(200)
    found: dict[int, list[tuple[float, list[float], int]]] = {rate: [] for rate in RATES}
    async with ground.store(Role.CUSTOMER, pool_size=EDITORS) as store:
        with ground.workers(WORKERS):
            await asyncio.sleep(2)  # until they are up
            for number in range(ROUNDS):
                for rate in RATES[:: -1 if number % 2 else 1]:
                    found[rate].append(await _round(ground, store, customers, rate))
    row.lines = [_line(rate, rounds) for rate, rounds in found.items()]
    return row


def _line(rate: int, rounds: list[tuple[float, list[float], int]]) -> Line:
    reached = median(each[0] for each in rounds)
    latencies = sorted(latency for each in rounds for latency in each[1])
    p50, p95, p99 = (median_share(latencies, share) for share in (0.50, 0.95, 0.99))
    left = sum(each[2] for each in rounds)
    words = f"{reached:.0f} reached; p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"
    words += f"; {left} not there after {PATIENCE:.0f} s" if left else ""
    holds = False if p99 >= 0.5 or left else None if reached < REACHED * rate else True
    return Line(f"{rate} edits a second", words, "", "", "p99 < 500 ms", holds)


async def _round(
    ground: Ground, store: RecordStore, customers: list[UUID], rate: int
) -> tuple[float, list[float], int]:
    """The rate that was reached, the latencies in seconds, and how many changes did not arrive."""
    who, edits = str(uuid4()), max(ceil(ENOUGH / ROUNDS), int(rate * ground.seconds(SECONDS)))
    # As many as there are connections; who has none waits here instead of being turned away.
    turns = asyncio.Semaphore(EDITORS)
    done: list[float] = []

    async def edit(customer: UUID, turn: int) -> None:
        async with turns:
            await _edit(store, customer, who, turn)
        done.append(time.perf_counter())

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(edits):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            tasks.create_task(edit(customers[number % len(customers)], number // len(customers)))
    reached = (edits - 1) / (done[-1] - done[0])
    with ground.as_administrator() as admin:
        deadline = time.monotonic() + PATIENCE
        while (left := admin.execute(LEFT, [who]).fetchall()[0][0]) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        return reached, [float(row[0]) for row in admin.execute(LATENCIES.encode(), [who]).fetchall()], left


async def _edit(store: RecordStore, customer: UUID, who: str, turn: int) -> None:
    actor = Actor(ActorKind.CUSTOMER, who, "portal")
    await change(
        store, customer, Intention("profile:changed", actor, uuid4()), {"profile/call_me": f"{who[:8]} {turn}"}
    )
