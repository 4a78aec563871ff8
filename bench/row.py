"""What a row of the report is made of."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from bench.asking import Measured
from bench.ground import Ground

Result = TypeVar("Result")

ENOUGH = 1_000
"""Answers in a round, without which the slowest hundredth is a hiccup or two: no p99 is told then."""


@dataclass(frozen=True)
class Line:
    """One thing that was measured. `ratio` is to what `against` names; `holds` says whether the aim is reached, None
    where there is none or where this run cannot tell."""

    what: str
    value: str
    against: str = ""
    ratio: str = ""
    aim: str = ""
    holds: bool | None = None


@dataclass
class Row:
    """A part of the report: what was measured, what it is compared with and why, and what else there is to know."""

    title: str
    why: str
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class CannotBeMeasured(Exception):
    """Something that a row needs is not on this machine; the message says what."""


Measure: TypeAlias = Callable[[Ground], Awaitable[Row]]
Round: TypeAlias = Callable[[], Awaitable[Result]]


async def interleaved(rounds: int, candidates: Mapping[str, Round[Result]]) -> dict[str, list[Result]]:
    """Measure the candidates in turns, so that what else the machine does meets all of them alike. Every other round
    goes the other way round."""
    found: dict[str, list[Result]] = {name: [] for name in candidates}
    for number in range(rounds):
        for name in list(candidates)[:: -1 if number % 2 else 1]:
            found[name].append(await candidates[name]())
    return found


def rate(value: float) -> str:
    """So many a second."""
    return f"{value:,.0f}/s" if value >= 10 else f"{value:.1f}/s"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds < 0.01 else f"{seconds * 1000:.0f} ms"


def times(ratio: float) -> str:
    return f"{ratio:.2f}x" if ratio < 10 else f"{ratio:.0f}x"


def told(measured: Measured) -> str:
    """A median round in words: how fast, how long one waits, and what it costs."""
    p99 = f", p99 {milliseconds(measured.p99)}" if measured.answers >= ENOUGH else ""
    return (
        f"{rate(measured.rate)}; p50 {milliseconds(measured.p50)}, p95 {milliseconds(measured.p95)}{p99}; "
        f"CPU {milliseconds(measured.web)} web + {milliseconds(measured.database)} PostgreSQL"
    )


def compared(what: str, measured: Measured, against: str, other: Measured, aim: str, least: float | None) -> Line:
    """A line whose ratio is of requests a second per core: of the CPU time that each request costs, in all."""
    ratio = other.computed / measured.computed
    holds = None if least is None else ratio >= least
    return Line(what, told(measured), against, times(ratio), aim, holds)


def median_share(latencies: Sequence[float], share: float) -> float:
    """The latency that so large a share stays below, of latencies in order."""
    return latencies[min(len(latencies) - 1, int(len(latencies) * share))]
