"""Asking a server from a process of its own, and what that cost whom."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

from bench.load import Order, Result
from bench.processes import ROOT, cpu_seconds, python


@dataclass(frozen=True)
class Measured:
    """One round. CPU times are seconds for each request, of the web processes and of PostgreSQL's; `generator` is the
    share of a core that the load generator used, `late` the share of requests that waited for a free connection,
    `answers` how many were counted, `asked` how many there were with those of the warm-up."""

    rate: float
    answers: float
    p50: float
    p95: float
    p99: float
    web: float
    database: float
    generator: float
    bytes: float
    late: float
    asked: float

    @property
    def computed(self) -> float:
        """Seconds of CPU that a request costs in all, without who asks."""
        return self.web + self.database


async def ask(order: Order, *, web: Sequence[int], database: int | None) -> Measured:
    """Carry out an order and look at the clocks of their CPU time before and after.

    Raises:
        RuntimeError: something else than the expected answer came.
    """
    process = await asyncio.create_subprocess_exec(
        *python("-m", "bench.load"), cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(asdict(order)).encode())
    process.stdin.close()
    await _line(process.stdout, b"counting")
    before = _look(web, database)
    await _line(process.stdout, b"done")
    after = _look(web, database)
    output = await process.stdout.read()
    if await process.wait():
        raise RuntimeError("the load generator failed")
    return _measured(Result(**json.loads(output)), before, after)


async def _line(output: asyncio.StreamReader, expected: bytes) -> None:
    if (line := (await output.readline()).strip()) != expected:
        raise RuntimeError(f"the load generator said {line!r} instead of {expected!r}")


def _look(web: Sequence[int], database: int | None) -> tuple[float, float, float]:
    return time.perf_counter(), cpu_seconds(*web), cpu_seconds(database) if database else 0.0


def _measured(result: Result, before: tuple[float, float, float], after: tuple[float, float, float]) -> Measured:
    if result.errors or not result.answers:
        raise RuntimeError(f"{result.answers} answers, and besides: {result.errors}")
    rate = result.answers / result.seconds
    answered = rate * (after[0] - before[0])  # the two looks lie milliseconds beside the generator's own moments
    return Measured(
        rate=rate,
        answers=result.answers,
        p50=result.latencies[500],
        p95=result.latencies[950],
        p99=result.latencies[990],
        web=(after[1] - before[1]) / answered,
        database=(after[2] - before[2]) / answered,
        generator=result.computed / result.seconds,
        bytes=result.received / result.answers,
        late=result.late / result.answers,
        asked=result.asked,
    )


def middle(rounds: Sequence[Measured]) -> Measured:
    """The median of several rounds, each figure for itself."""
    return Measured(**{name: median(getattr(each, name) for each in rounds) for name in Measured.__dataclass_fields__})
