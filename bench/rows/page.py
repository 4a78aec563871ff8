"""The record page: how many a second, how long one waits, what it costs."""

from contextlib import ExitStack
from functools import partial

from bench import people
from bench.apps.bare import COOKIE
from bench.asking import Measured, ask, middle
from bench.ground import Ground, Served
from bench.load import Order, Visitor
from bench.peers.running import django, records
from bench.row import CannotBeMeasured, Line, Row, compared, interleaved, told
from bench.statistics import counted

CONNECTIONS = 8
SECONDS = 4.0
ROUNDS = 3
LOADED = 0.6
"""As a share of what it can do, how much is asked of it in the open loop."""
CONNECTIONS_OPEN = 32


async def measure(ground: Ground) -> Row:
    row = Row(
        "Record page",
        "Against the portal's own template drawn from memory by a Starlette application that has nothing else (the "
        "limit: what is missing to it is session, database and all that makes it the right page for the right person), "
        "and against Django with allauth and auditlog that draws the same content with plain templates (the peer: what "
        "one would otherwise build on). All compress what they send, as Chrome asks for, Django by its own "
        "middleware; `uncompressed` shows how much of the time that is. One web process each; eight ask each of them, "
        "again as soon as they have an answer; the portal is also asked at a fixed rate.",
    )
    who = await people.customers(ground, 40)
    with ExitStack() as stack:
        portal = stack.enter_context(ground.portal())
        bare = stack.enter_context(ground.application("bare", **{COOKIE: who[0].cookie}))
        pages = [people.reading(person, "/record") for person in who]
        targets: dict[str, tuple[Served, list[Visitor]]] = {
            "portal": (portal, pages),
            "uncompressed": (portal, [people.reading(person, "/record", encoding="identity") for person in who]),
            "memory": (bare, [people.reading(who[0], "/template")]),
            "memory, uncompressed": (bare, [people.reading(who[0], "/template", encoding="identity")]),
            "bytes": (bare, [people.reading(who[0], "/bytes", encoding="identity")]),
        }
        try:
            peer = stack.enter_context(django(ground, await records(ground, who)))
            targets["peer"] = Served(peer.port, peer.pid), peer.pages
        except CannotBeMeasured as error:
            row.notes.append(f"Without the peer: {error}.")
        rounds = {name: partial(_round, ground, *target) for name, target in targets.items()}
        found = {name: middle(each) for name, each in (await interleaved(ROUNDS, rounds)).items()}
        opened = [await _round(ground, portal, pages, found["portal"].rate * LOADED) for _ in range(ROUNDS)]
    with counted(ground) as statistics, ground.portal() as portal:
        last = await _round(ground, portal, pages)
    row.lines = [*_lines(found), _opened(middle(opened))]
    row.notes.append(
        f"PostgreSQL for each page, with what a web process asks by itself: {statistics.each(last.asked)}."
    )
    row.notes.append(f"The load generator used up to {max(m.generator for m in found.values()):.0%} of a core.")
    row.notes.append(", ".join(f"{name} {measured.bytes / 1000:.1f} kB" for name, measured in found.items()))
    return row


async def _round(ground: Ground, served: Served, visitors: list[Visitor], rate: float | None = None) -> Measured:
    """In a closed loop, or, at a rate, in an open one."""
    connections = CONNECTIONS if rate is None else CONNECTIONS_OPEN
    order = Order(served.port, visitors, connections, ground.seconds(SECONDS), rate=rate)
    return await ask(order, web=[served.pid], database=ground.postgres)


def _opened(measured: Measured) -> Line:
    return Line(f"record page, asked for {measured.rate:.0f} times a second whether or not it keeps up", told(measured))


def _lines(found: dict[str, Measured]) -> list[Line]:
    portal, memory, bare = found["portal"], found["memory"], found["memory, uncompressed"]
    lines = [
        Line("from memory", told(memory)),
        Line("from memory, uncompressed", told(bare)),
        Line("finished bytes, uncompressed", told(found["bytes"])),
        compared("record page", portal, "from memory", memory, ">= 0.4", 0.4),
        compared("record page, uncompressed", found["uncompressed"], "from memory, uncompressed", bare, ">= 0.4", 0.4),
    ]
    if "peer" in found:
        lines += [Line("Django's page", told(found["peer"]))]
        lines += [compared("record page", portal, "Django", found["peer"], ">= 8", 8)]
    return lines
