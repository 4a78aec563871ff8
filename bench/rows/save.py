"""An audited save: a section of the profile, posted."""

import asyncio
import os
from contextlib import ExitStack
from functools import partial
from statistics import median

from bench import people
from bench.apps import unaudited
from bench.asking import Measured, ask, middle
from bench.ground import Ground, Served
from bench.load import Order, Visitor
from bench.peers.running import django, records
from bench.pgbench import Ran, pgbench
from bench.row import CannotBeMeasured, Line, Round, Row, interleaved, milliseconds, rate, times, told
from bench.statistics import counted

CONNECTIONS = 8
SECONDS = 4.0
ROUNDS = 3
CORES = os.cpu_count() or 1
FIELDS = {
    "given_name": "Alice", "family_name": "Marsh", "call_me": "", "pronunciation": "", "language": "en",
    "time_zone": "Europe/London",
}  # fmt: skip

TARGETS = """
DROP TABLE IF EXISTS public.target;
CREATE TABLE public.target AS
SELECT c.id, row_number() OVER (ORDER BY c.number DESC)::integer AS n, '{profile/pronouns}'::text[] AS paths,
    'profile:changed' AS action, m.said,
    jsonb_build_object('name', c.name, 'profile', jsonb_build_object('pronouns', 'she'),
        'provenance', jsonb_build_object('pronouns', m.said)) AS state,
    (SELECT r.entry FROM portal.change_record r WHERE r.action = 'profile:changed' LIMIT 1) AS entry
FROM portal.customer c
CROSS JOIN (SELECT '{"seq": 1, "at": "2026-01-01T00:00:00Z", "kind": "customer", "via": "portal"}'::jsonb) m (said);
ALTER TABLE public.target ADD PRIMARY KEY (n);
GRANT SELECT ON public.target TO portal_worker;
ANALYZE public.target;
"""

SAVE = """
\\set n random(1, {customers})
SELECT w.outcome FROM public.target t JOIN portal.customer c ON c.id = t.id
CROSS JOIN LATERAL portal.record_write_v1(
    c.id, c.seq + 1, c.head, t.entry, sha256(uuid_send(gen_random_uuid())), clock_timestamp(), t.action,
    'customer', c.id::text, 'portal', gen_random_uuid(), t.paths, t.said, t.state) w
WHERE t.n = :n;
"""
"""The save's own statement with an entry of the usual kind; the customer's version is looked up along with it. Nothing
but the variable has a colon, because pgbench takes what follows one for a name."""


async def measure(ground: Ground) -> Row:
    row = Row(
        "Audited save",
        "One section of the profile, posted as a browser does: session, form, record, rules, encryption, canonical "
        "JSON, hash, and one statement that keeps state, change record and due mark. Against pgbench with the same "
        f"statement and the same durability (the limit: a client that does nothing else; {CONNECTIONS} connections to "
        f"PostgreSQL), against the same save without an entry (what the audit costs; one process each), and against "
        f"Django's form with auditlog. The ratio to pgbench is of saves a second: {CORES} web processes, as many as "
        f"there are cores, for {CONNECTIONS} browsers at a time. The others are of CPU time; Django has as many "
        "processes as the portal.",
    )
    who = await people.customers(ground, 120)
    with ground.as_administrator() as admin:
        admin.execute(TARGETS.encode())
        admin.execute(f"DROP FUNCTION IF EXISTS portal.{unaudited.FUNCTION}".encode())
        admin.execute(unaudited.sql().encode())
        # Their entries are the same bytes again and again, which no chain survives: the others are left to other rows.
        customers = admin.execute("SELECT count(*) / 2 FROM public.target").fetchall()[0][0]
    with ExitStack() as stack:
        portal = stack.enter_context(ground.portal(processes=CORES))
        targets: dict[str, tuple[Served, list[Visitor]]] = {
            "portal": (portal, [people.saving(person, FIELDS) for person in who[:40]]),
            "audited": (stack.enter_context(ground.portal()), [people.saving(person, FIELDS) for person in who[40:80]]),
            "unaudited": (
                stack.enter_context(ground.application("unaudited")),
                [people.saving(person, FIELDS) for person in who[80:]],
            ),
        }
        try:
            peer = stack.enter_context(django(ground, await records(ground, who[:40]), processes=CORES))
            targets["peer"] = Served(peer.port, peer.pid), peer.saves
        except CannotBeMeasured as error:
            row.notes.append(f"Without the peer: {error}.")
        seqs = Seqs(ground)
        limits: list[tuple[Ran, float]] = []
        rounds: dict[str, Round[Measured | None]] = {
            name: partial(_round, seqs, *target, name) for name, target in targets.items()
        }
        turns = await interleaved(ROUNDS, rounds | {"pgbench": partial(_limit, ground, customers, limits)})
        found = {name: middle([each for each in measured if each]) for name, measured in turns.items() if measured[0]}
    with counted(ground) as statistics, ground.portal() as portal:
        last = await _round(seqs, portal, targets["portal"][1], "portal")
    row.lines = _lines(found, median(ran.rate * share for ran, share in limits), [ran for ran, _ in limits])
    row.notes.append(
        f"Of pgbench's statements {min(share for _, share in limits):.1%} or more wrote a change, which is what is "
        "counted; the others met one of the same customer."
    )
    row.notes.append(
        f"PostgreSQL for each save, with what a web process asks by itself: {statistics.each(last.asked)}."
    )
    row.notes.append(f"The load generator used up to {max(m.generator for m in found.values()):.0%} of a core.")
    return row


class Seqs:
    """Puts each visitor on the version that their record is at: whoever ran before has moved it on."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    def renew(self, visitors: list[Visitor], skip: int) -> None:
        ids = self.ground.customers(skip + len(visitors))[skip:]
        with self.ground.as_administrator() as admin:
            rows = dict(admin.execute("SELECT id, seq FROM portal.customer WHERE id = ANY(%s)", [ids]).fetchall())
        for visitor, id in zip(visitors, ids, strict=True):
            visitor.seq = rows[id]


async def _round(seqs: Seqs, served: Served, visitors: list[Visitor], name: str) -> Measured:
    if name != "peer":
        seqs.renew(visitors, 40 * ("portal", "audited", "unaudited").index(name))
    order = Order(
        served.port, visitors, CONNECTIONS, seqs.ground.seconds(SECONDS), expected=302 if name == "peer" else 303
    )
    return await ask(order, web=[served.pid], database=seqs.ground.postgres)


async def _limit(ground: Ground, customers: int, limits: list[tuple[Ran, float]]) -> None:
    """What pgbench found, and the share of its statements that wrote a change: two of one customer at once are one."""
    script, seconds = SAVE.format(customers=customers), ground.seconds(SECONDS)
    before = _written(ground)
    ran = await asyncio.to_thread(pgbench, ground, script, clients=CONNECTIONS, seconds=seconds)
    limits.append((ran, (_written(ground) - before) / ran.number))


def _written(ground: Ground) -> int:
    with ground.as_administrator() as admin:
        return int(admin.execute("SELECT sum(seq) FROM portal.customer").fetchall()[0][0])


def _lines(found: dict[str, Measured], limit: float, ran: list[Ran]) -> list[Line]:
    portal, audited, without = found["portal"], found["audited"], found["unaudited"]
    lines = [
        Line("pgbench", f"{rate(limit)}; CPU {milliseconds(median(each.database for each in ran))} PostgreSQL"),
        Line(
            "audited save", told(portal), "pgbench", times(portal.rate / limit), ">= 0.3",
            portal.rate / limit >= 0.3,
        ),
        Line("audited, one process", told(audited)),
        Line("unaudited, one process", told(without)),
        Line(
            "what the audit costs", milliseconds(audited.computed - without.computed), "unaudited",
            f"{audited.computed / without.computed - 1:+.0%}", "<= 15%", audited.computed / without.computed <= 1.15,
        ),
    ]  # fmt: skip
    if "peer" in found:
        ratio = found["peer"].computed / portal.computed
        lines += [Line("Django's save", told(found["peer"]))]
        lines += [Line("audited save", told(portal), "Django", times(ratio), ">= 8", ratio >= 8)]
    return lines
