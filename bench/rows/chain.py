"""The change log itself: making entries, and verifying chains."""

import hashlib
import time
from collections.abc import Callable
from functools import partial
from random import Random
from statistics import median
from uuid import UUID

from bench.ground import Ground
from bench.row import Line, Row, interleaved, rate, times
from portal import clock
from portal.audit.chain import StoredEntry, check_chain
from portal.audit.entry import leaf_hash, seal
from portal.db.database import Role
from portal.demo.flooded import flooded
from portal.record.verify import Listed, check_batch

CHANGES = 3_000
ROUNDS = 5
FIRST = "SELECT id, number, chain, seq FROM portal.customer ORDER BY number LIMIT %s"


async def measure(ground: Ground) -> Row:
    """In this process, on one core."""
    row = Row(
        "Change log: append and verification",
        "Against SHA-256 of the same bytes (the limit of whatever proves something about them), on one core and in one "
        "process. `Hash` alone is what a chain's link needs; `chain` checks links, canonical form and that the columns "
        "say the same; `chain and record` also decrypts each value and adds all of them up to the record.",
    )
    made = flooded(1, CHANGES, ground.keys, "bench", clock.now(), Random(1))
    stored = [
        StoredEntry(
            e.seq, e.at, e.action, e.actor.kind.value, e.actor.id, e.actor.via, e.request, e.paths, one.data, one.leaf
        )
        for one in made.entries
        for e in (one.entry,)
    ]
    key, chain, head = made.key, made.chain, stored[-1].leaf
    entries = [one.entry for one in made.entries]
    found = await interleaved(
        ROUNDS,
        {
            "sha": partial(_timed, lambda: [hashlib.sha256(each.entry).digest() for each in stored]),
            "leaf": partial(_timed, lambda: [leaf_hash(each.entry) for each in stored]),
            "append": partial(_timed, lambda: [leaf_hash(seal(each, key)) for each in entries]),
            "chain": partial(_timed, lambda: _walk(chain, head, stored)),
        },
    )
    each = {name: CHANGES / median(seconds) for name, seconds in found.items()}
    size = sum(len(one.entry) for one in stored) / CHANGES
    row.lines = [
        Line("SHA-256", rate(each["sha"])),
        Line("hash", rate(each["leaf"]), "SHA-256", times(each["leaf"] / each["sha"])),
        Line(
            "append: encrypt, encode, hash", rate(each["append"]), "SHA-256", times(each["append"] / each["sha"]),
        ),
        Line(
            "verify: chain", rate(each["chain"]), "SHA-256", times(each["chain"] / each["sha"]), ">= 150,000/s",
            each["chain"] >= 150_000,
        ),
        Line("verify: chain and record, from the database", rate(await _whole(ground)), "", "", "", None),
    ]  # fmt: skip
    row.notes.append(f"An entry has {size:.0f} bytes on average.")
    return row


def _walk(chain: UUID, head: bytes, stored: list[StoredEntry]) -> None:
    if broken := check_chain(chain, CHANGES, head, stored, None, None):
        raise RuntimeError(f"the chain is broken at {broken.seq}: {broken.why}")


async def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


async def _whole(ground: Ground) -> float:
    """Entries a second of one core of what `portal audit verify` does, for the first customers."""
    async with ground.store(Role.WORKER) as store:
        batch = [Listed(**row) for row in await store.database.fetch_all(FIRST, [max(20, int(100 * ground.scale))])]
        began = time.process_time()
        checked = await check_batch(store.database, store.keys, batch)
        if broken := next((each for each in checked if each.broken), None):
            raise RuntimeError(f"the chain of {broken.customer.number} is broken: {broken.broken}")
        return sum(each.entries for each in checked) / (time.process_time() - began)
