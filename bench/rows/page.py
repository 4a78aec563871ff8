"""The record page: how many a second, how long one waits, what it costs."""

from contextlib import ExitStack
from functools import partial

from bench import people
from bench.apps.bare import COOKIES
from bench.asking import Measured, ask, middle
from bench.ground import Ground, Served
from bench.load import Order, Visitor
from bench.peers.running import django, records
from bench.row import CannotBeMeasured, Line, Row, compared, interleaved, rate, told
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
        "Against the portal's own template drawn from memory, for the same forty customers, by a Starlette application "
        "that has nothing else (the limit: what is missing to it is session, database and all that makes it the right "
        "page for the right person; it becomes faster with the template, so finished bytes, which do not, stand "
        "beside it), and against Django with allauth and auditlog that draws as much of the same page with plain "
        "templates (the peer: what one would otherwise build on; what the portal finds out about a customer's hours, "
        "what may be done today, and who looked, are fixed words there, and it decrypts nothing). All compress what "
        "they send, as Chrome asks for, Django by its own middleware; `uncompressed` shows how much of the time that "
        "is. One web process each; eight ask each of them, again as soon as they have an answer; the portal is also "
        "asked at a fixed rate, with latencies from the moment at which a request was due.",
    )
    who = await people.customers(ground, 40)
    with ExitStack() as stack:
        portal = stack.enter_context(ground.portal())
        bare = stack.enter_context(ground.application("bare", **{COOKIES: " ".join(person.cookie for person in who)}))
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
        asked = LOADED * (await _round(ground, portal, pages)).rate
        rounds = {name: partial(_round, ground, *target) for name, target in targets.items()}
        rounds["open"] = partial(_round, ground, portal, pages, asked)
        found = {name: middle(each) for name, each in (await interleaved(ROUNDS, rounds)).items()}
        opened = found.pop("open")
    with counted(ground) as statistics, ground.portal() as portal:
        last = await _round(ground, portal, pages)
    row.lines = [*_lines(found), _opened(opened, asked)]
    row.notes.append(
        f"PostgreSQL for each page, with what a web process asks by itself: {statistics.each(last.asked)}."
    )
    row.notes.append(f"The load generator used up to {max(m.generator for m in found.values()):.0%} of a core.")
    row.notes.append(", ".join(f"{name} {measured.bytes / 1000:.1f} kB" for name, measured in found.items()))
    return row


async def _round(ground: Ground, served: Served, visitors: list[Visitor], fixed: float | None = None) -> Measured:
    """In a closed loop, or, at a rate, in an open one."""
    connections = CONNECTIONS if fixed is None else CONNECTIONS_OPEN
    order = Order(served.port, visitors, connections, ground.seconds(SECONDS), rate=fixed)
    return await ask(order, web=[served.pid], database=ground.postgres)


def _opened(measured: Measured, asked: float) -> Line:
    what = "record page, asked at a fixed rate whether or not it keeps up"
    late = f"{measured.late:.0%} had to wait for one of {CONNECTIONS_OPEN} connections"
    return Line(what, f"asked {rate(asked)}, answered {told(measured)}; {late}")


def _lines(found: dict[str, Measured]) -> list[Line]:
    portal, memory, bare = found["portal"], found["memory"], found["memory, uncompressed"]
    lines = [
        Line("from memory", told(memory)),
        Line("from memory, uncompressed", told(bare)),
        Line("finished bytes, uncompressed", told(found["bytes"])),
        compared("record page", portal, "from memory", memory, ">= 0.4", 0.4),
        compared("record page, uncompressed", found["uncompressed"], "from memory, uncompressed", bare, ">= 0.4", 0.4),
        compared("record page, uncompressed", found["uncompressed"], "finished bytes", found["bytes"], "", None),
    ]
    if "peer" in found:
        lines += [Line("Django's page", told(found["peer"]))]
        lines += [compared("record page", portal, "Django", found["peer"], ">= 8", 8)]
    return lines
