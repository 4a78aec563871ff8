"""What becomes slower when there is more: the log, the desk's search, its card."""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench import people
from bench.asking import Measured, ask
from bench.ground import Ground, Served, ground
from bench.load import Order, Visitor
from bench.row import Line, Row, interleaved, milliseconds
from portal.demo.histories import FAMILY
from portal.settings import StaffRole

SIZES = ((1_000, 10_000), (100_000, 1_000_000))
LARGEST = (1_000_000, 10_000_000)
QUICK = ((400, 4_000), (4_000, 40_000))
SECONDS = 3.0
ROUNDS, ROUNDS_QUICK = 3, 2
LARGE = "BENCH_LARGE"
"""The environment variable that asks for the largest data, which take most of an hour to make, once."""


@dataclass(frozen=True)
class Stage:
    """One size of data, served."""

    ground: Ground
    web: Served
    visitors: dict[str, list[Visitor]]


async def measure(small: Ground) -> Row:
    row = Row(
        "Growth",
        "The same question to more and more data: the answer has the same length, so it should take the same time. One "
        "connection, so that nothing waits for anything else; p95 of the largest against that of the smallest. Data "
        "are made once and kept in var/bench.",
    )
    sizes = QUICK if small.scale < 1 else SIZES + ((LARGEST,) if os.environ.get(LARGE) else ())
    with ExitStack() as stack:
        stages = [await _stage(stack, small, *size) for size in sizes]
        for question in stages[0].visitors:
            rounds = {str(n): partial(_round, stage, question) for n, stage in enumerate(stages)}
            found = await interleaved(ROUNDS if small.scale == 1 else ROUNDS_QUICK, rounds)
            row.lines.append(_line(question, [median(m.p95 for m in found[str(n)]) for n in range(len(stages))]))
    row.notes.append("Sizes: " + "; ".join(f"{c:,} customers with {n:,} changes" for c, n in sizes) + ".")
    if small.scale == 1 and LARGEST not in sizes:
        row.notes.append(f"{LARGEST[0]:,} customers with {LARGEST[1]:,} changes: with {LARGE}=1.")
    return row


def _line(question: str, p95s: list[float]) -> Line:
    ratio = p95s[-1] / p95s[0]
    told = " → ".join(milliseconds(p95) for p95 in p95s)
    return Line(question, f"p95 {told}", "the smallest", f"{ratio:.2f}x", "<= 1.5", ratio <= 1.5)


async def _stage(stack: ExitStack, small: Ground, customers: int, changes: int) -> Stage:
    folder = small.folder.parent / f"growth-{customers}-{changes}"
    here = stack.enter_context(ground(folder, customers=customers, changes=changes, scale=small.scale))
    web = stack.enter_context(here.portal())
    agent, auditor = await people.staff(here, StaffRole.AGENT), await people.staff(here, StaffRole.AUDITOR)
    ids = here.customers(50)
    return Stage(
        here,
        web,
        {
            "log, the newest": [people.reading(auditor, "/audit")],
            "log, one kind of change": [people.reading(auditor, "/audit?action=note")],
            "log, one customer": [people.reading(auditor, f"/audit?customer=F{n:08}") for n in range(1, 50)],
            "desk search, by name": people.searching(agent, [name.lower() for name in FAMILY]),
            "desk search, by number": people.searching(agent, [f"F{number:07}" for number in range(1, 39)]),
            "desk card": [people.reading(agent, f"/desk/customers/{id}") for id in ids],
        },
    )


async def _round(stage: Stage, question: str) -> Measured:
    order = Order(stage.web.port, stage.visitors[question], 1, stage.ground.seconds(SECONDS))
    return await ask(order, web=[stage.web.pid], database=stage.ground.postgres)
