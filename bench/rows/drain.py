"""Draining: claim what is due, read and decrypt it, push, write down the delivery."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from statistics import median

from procrastinate import App, PsycopgConnector
from procrastinate.types import JSONValue

from bench.ground import PASSWORD, Ground
from bench.pgbench import pgbench
from bench.processes import cpu_seconds
from bench.row import Line as Told
from bench.row import Row, interleaved, milliseconds, rate, times
from portal.crm.port import NO_METER, Applied, Caps, Cursor, Desired, Forged, Hint, Meter, Outcome, Ref, Remote
from portal.db.database import Role
from portal.sync.drain import drain, keep_up
from portal.sync.enroll import enroll, register
from portal.sync.line import Line

NAME = "noop"
ROUNDS = 3
JOBS = 600
ROWS = 10_000
SINGLES = 500

DUE = "UPDATE portal.sync_state SET push_due_at = clock_timestamp(), synced_seq = 0 WHERE connector = 'noop'"
ALONE = """
DROP TABLE IF EXISTS public.due;
CREATE TABLE public.due AS
SELECT customer_id, desired_seq, synced_seq, clock_timestamp() AS due_at, NULL::bigint AS lease, now() AS lease_until
FROM portal.sync_state WHERE connector = 'embedded';
ALTER TABLE public.due ADD PRIMARY KEY (customer_id);
CREATE INDEX ON public.due (due_at);
CREATE TABLE IF NOT EXISTS public.done (customer_id uuid, through_seq bigint, at timestamptz);
GRANT SELECT, UPDATE ON public.due TO portal_worker;
GRANT INSERT ON public.done TO portal_worker;
ANALYZE public.due;
"""
CLAIM_AND_COMPLETE = """
\\set lease random(1, 1000000000)
WITH d AS (SELECT customer_id FROM public.due WHERE due_at <= clock_timestamp() ORDER BY due_at
    LIMIT {batch} FOR UPDATE SKIP LOCKED)
UPDATE public.due q SET lease = :lease, lease_until = now() + interval '30 seconds'
FROM d WHERE q.customer_id = d.customer_id;
WITH kept AS (UPDATE public.due SET synced_seq = desired_seq, due_at = clock_timestamp(), lease = NULL
    WHERE lease = :lease AND due_at < clock_timestamp() RETURNING customer_id, desired_seq)
INSERT INTO public.done SELECT customer_id, desired_seq, clock_timestamp() FROM kept;
"""


class Nothing:
    """A CRM that takes everything and does nothing."""

    label = "Nothing"
    caps = Caps(500, upsert_by_external_id=True, conditional=True, feed=False, echo_tag=True, max_execution_seconds=30)
    meter: Meter = NO_METER

    async def push(self, batch: Sequence[Desired]) -> Sequence[Outcome]:
        return [Applied(str(desired.customer_id), "1", desired.seq) for desired in batch]

    async def fetch(self, refs: Sequence[Ref]) -> Sequence[Remote]:
        return []

    async def changes(self, cursor: Cursor | None) -> tuple[Sequence[Ref], Cursor]:
        return [], cursor or ""

    def verify(self, headers: Mapping[str, str], raw: bytes, url: str, now: datetime) -> Sequence[Hint]:
        raise Forged

    async def erase(self, ref: Ref) -> None:
        return None


async def measure(ground: Ground) -> Row:
    row = Row(
        "Sync drain",
        "Rows a second of one worker into a connector that does nothing, so that all the time is the engine's. Against "
        f"a Procrastinate job for each customer that does nothing either (what one would otherwise take; {JOBS} jobs, "
        "from the end of the first to that of the last), and against "
        "PostgreSQL alone claiming and completing rows in batches (the limit: no reading, no decryption, no base, one "
        "index, no reference to another table).",
    )
    async with _line(ground) as line:
        found = await interleaved(
            ROUNDS,
            {
                "hundred": partial(_drained, ground, line, _keep_up, ROWS * ground.scale),
                "one": partial(_drained, ground, _one_by_one(line), drain, SINGLES * ground.scale),
                "jobs": partial(_jobs, ground),
                "alone": partial(_alone, ground, 100),
                "alone by one": partial(_alone, ground, 1),
            },
        )
        row.notes.append(await _computed(ground, line))
    each = {name: median(rates) for name, rates in found.items()}
    hundred, one = each["hundred"], each["one"]
    row.lines = [
        Told("a job for each customer", rate(each["jobs"])),
        Told("PostgreSQL alone, batches of 100", rate(each["alone"])),
        Told("PostgreSQL alone, one at a time", rate(each["alone by one"])),
        Told(
            "batches of 100", rate(hundred), "jobs", times(hundred / each["jobs"]), ">= 20",
            hundred >= 20 * each["jobs"],
        ),
        Told(
            "batches of 100", rate(hundred), "PostgreSQL alone", times(hundred / each["alone"]), ">= 0.6",
            hundred >= 0.6 * each["alone"],
        ),
        Told("one at a time", rate(one), "jobs", times(one / each["jobs"])),
        Told("one at a time", rate(one), "PostgreSQL alone", times(one / each["alone by one"])),
    ]  # fmt: skip
    return row


@asynccontextmanager
async def _line(ground: Ground) -> AsyncIterator[Line]:
    """The connector, known and with a row for each customer."""
    with ground.as_administrator() as admin:
        admin.execute(ALONE.encode())
    async with ground.store(Role.WORKER) as store:
        line = Line(NAME, Nothing(), store, 100, timedelta(seconds=30))
        await register(store.database, [line])
        await enroll(line, asyncio.Event())
        while await drain(line):
            pass  # the first time, everybody's whole history goes along
        yield line


def _one_by_one(line: Line) -> Line:
    return Line(line.name, line.connector, line.store, 1, line.lease)


async def _drained(ground: Ground, line: Line, step: Callable[[Line], Awaitable[int]], most: float) -> float:
    """Rows a second, over so many of them at least; marking them due takes no part in it."""
    rows, seconds = 0, 0.0
    while rows < most:
        with ground.as_administrator() as admin:
            admin.execute(DUE)
        began = time.perf_counter()
        while rows < most and (done := await step(line)):
            rows += done
        seconds += time.perf_counter() - began
    return rows / seconds


async def _keep_up(line: Line) -> int:
    """As a worker does that nobody stops."""
    return await keep_up(line, asyncio.Event())


async def _computed(ground: Ground, line: Line) -> str:
    """What a row costs whom, in CPU time."""
    with ground.as_administrator() as admin:
        admin.execute(DUE)
    rows, own, database = 0, time.process_time(), cpu_seconds(ground.postgres)
    while done := await _keep_up(line):
        rows += done
    own, database = time.process_time() - own, cpu_seconds(ground.postgres) - database
    return f"CPU time of a row: {milliseconds(own / rows)} worker + {milliseconds(database / rows)} PostgreSQL."


async def _jobs(ground: Ground) -> float:
    """Jobs a second from the first to the last, without the start and the end of what runs them."""
    url = ground.url.set(drivername="postgresql", username=Role.WORKER.user, password=PASSWORD)
    connector = PsycopgConnector(
        conninfo=url.render_as_string(hide_password=False), kwargs={"options": "-c search_path=jobs,pg_temp"}
    )
    app = App(connector=connector)
    done: list[float] = []

    @app.task(queue="bench", name="bench")
    async def nothing(customer: str) -> None:
        done.append(time.perf_counter())

    async with app.open_async():
        jobs: list[dict[str, JSONValue]] = [{"customer": str(each)} for each in range(JOBS)]
        await nothing.batch_defer_async(*jobs)
        await app.run_worker_async(
            queues=["bench"], wait=False, concurrency=10, install_signal_handlers=False, listen_notify=False,
            delete_jobs="always",
        )  # fmt: skip
    return (JOBS - 1) / (done[-1] - done[0])


async def _alone(ground: Ground, batch: int) -> float:
    script = CLAIM_AND_COMPLETE.format(batch=batch)
    return pgbench(ground, script, clients=1, seconds=ground.seconds(3)).rate * batch
