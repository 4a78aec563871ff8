"""What becomes slower when there is more: the log, the desk's search, its card."""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product

from bench import people
from bench.asking import Measured, ask, middle
from bench.ground import Ground, Served, ground, seconds_to_make
from bench.load import Order, Visitor
from bench.row import Line, Row, interleaved, milliseconds
from portal.demo.histories import FAMILY, GIVEN
from portal.settings import StaffRole

SIZES = ((1_000, 10_000), (100_000, 1_000_000), (1_000_000, 10_000_000))
QUICK = ((1_000, 10_000), (10_000, 100_000))
TINY = ((200, 400), (400, 800))
SECONDS = 1.5
WARM_UP = 0.2
ROUNDS = 3


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
        "connection, so that nothing waits for anything else; p95 of each larger one against that of the smallest. "
        "Much of a latency is the web process drawing the answer, so what a request costs PostgreSQL in CPU time "
        "stands beside it. The data are made by `portal demo flood`, once, and kept in var/bench.",
    )
    sizes = SIZES if small.scale == 1 else QUICK if small.scale > 0.1 else TINY
    with ExitStack() as stack:
        stages = [await _stage(stack, small, *size) for size in sizes]
        for question in stages[0].visitors:
            rounds = {str(n): partial(_round, stage, question) for n, stage in enumerate(stages)}
            found = await interleaved(ROUNDS, rounds)
            row.lines.append(_line(question, [middle(each) for each in found.values()]))
        row.notes.append(
            "Both names together are few people's among the smallest and fill a page among the largest: the answers of "
            "that line have not the same length."
        )
        for stage, (customers, changes) in zip(stages, sizes, strict=True):
            seconds, size = seconds_to_make(stage.ground.folder), stage.ground.size()
            row.notes.append(
                f"{customers:,} customers with {changes:,} changes, in the built-in CRM, too: {size / 1e9:.1f} GB, "
                f"made in {seconds:.0f} s."
            )
    return row


def _line(question: str, sizes: list[Measured]) -> Line:
    p95s, databases = [each.p95 for each in sizes], [each.database for each in sizes]
    value = f"p95 {_told(p95s)}; PostgreSQL {_told(databases)}"
    ratio = f"{_ratios(p95s)}; PostgreSQL {_ratios(databases)}"
    return Line(question, value, "the smallest", ratio, "p95 <= 1.5", p95s[-1] <= 1.5 * p95s[0])


def _told(seconds: list[float]) -> str:
    return " → ".join(milliseconds(each) for each in seconds)


def _ratios(seconds: list[float]) -> str:
    return ", ".join(f"{each / seconds[0]:.2f}x" for each in seconds[1:])


async def _stage(stack: ExitStack, small: Ground, customers: int, changes: int) -> Stage:
    folder = small.folder.parent / f"growth-{customers}-{changes}"
    here = stack.enter_context(ground(folder, customers=customers, changes=changes, scale=small.scale, worn=False))
    with here.as_administrator() as admin:
        # As workers have done by the time that a quarter of an hour is over.
        while admin.execute("SELECT portal.count_changes_v1(clock_timestamp() + interval '1 hour')").fetchall()[0][0]:
            pass
    web = stack.enter_context(here.portal())
    agent, auditor = await people.staff(here, StaffRole.AGENT), await people.staff(here, StaffRole.AUDITOR)
    ids = here.customers(50)
    names = [f"{given} {family}".lower() for given, family in product(GIVEN[::7], FAMILY[::7])]
    return Stage(
        here,
        web,
        {
            "log, the newest": [people.reading(auditor, "/audit")],
            "log, one kind of change": [people.reading(auditor, "/audit?action=note")],
            "log, one kind of actor": [people.reading(auditor, "/audit?actor=agent")],
            "log, one customer": [people.reading(auditor, f"/audit?customer=F{n:08}") for n in range(1, 50)],
            "log, some days": [people.reading(auditor, f"/audit?{month}") for month in _months()],
            "desk search, by name": people.searching(agent, [name.lower() for name in FAMILY]),
            "desk search, by both names": people.searching(agent, names),
            "desk search, by number": people.searching(agent, [f"F{number:07}" for number in range(1, 39)]),
            "desk card": [people.reading(agent, f"/desk/customers/{id}") for id in ids],
        },
    )


def _months() -> list[str]:
    """Some of the last two years, thirty days each."""
    days = [datetime.now(UTC).date() - timedelta(days=30 * number) for number in range(2, 24)]
    return [f"after={day - timedelta(days=29)}&before={day}" for day in days]


async def _round(stage: Stage, question: str) -> Measured:
    seconds = stage.ground.seconds(SECONDS)
    order = Order(stage.web.port, stage.visitors[question], 1, seconds, warm_up=WARM_UP)
    return await ask(order, web=[stage.web.pid], database=stage.ground.postgres)
