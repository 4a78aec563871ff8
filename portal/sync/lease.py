"""Taking due rows and giving them back: one statement each, committed before and after anything is said to a CRM."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from portal.sync.gate import Seen
from portal.sync.line import Line
from portal.sync.state import Claimed, Verdict

CLAIM = "SELECT * FROM portal.sync_claim_v3(%(connector)s, %(lease)s, %(for)s, %(limit)s, %(ahead)s, %(since)s)"
_CORE, _REMEMBER = (
    Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8") for name in ("complete", "remember")
)
_END = "SELECT count(*) AS rows FROM done"
COMPLETE = f"{_CORE}{_END}"
COMPLETE_AND_REMEMBER = f"{_CORE},{_REMEMBER}{_END}"


async def claim(line: Line, lease: UUID) -> list[Claimed]:
    """The rows that are due longest, held by `lease` until they are completed or it expires."""
    params = {"connector": line.name, "lease": lease, "for": line.lease, "limit": line.batch, "ahead": line.ahead}
    since = line.worked_off.through
    rows = await line.store.database.fetch_all(CLAIM, params | {"since": since}, binary=True)
    claimed = msgspec.convert(rows, list[Claimed])
    line.worked_off.note([row.due_at for row in claimed if row.due_at] if len(claimed) == line.batch else ())
    return claimed if claimed or since is None else await claim(line, lease)


async def complete(line: Line, lease: UUID, verdicts: Sequence[Verdict], seen: Seen, *, prepaid: int = 0) -> int:
    """Write down what a pass found out, and how the CRM behaved; gives how many rows were still its own.

    Args:
        prepaid: how many calls the claim has taken from the budget.
    """
    meter, caps = line.meter.taken(), line.connector.caps
    params = {
        "connector": line.name,
        "lease": lease,
        "verdicts": Jsonb(verdicts, msgspec.json.encode),
        "ahead": line.ahead,
        "for": line.lease,
        # A CRM that refuses what is older than what it has stands a call that lands late.
        "late": None if caps.conditional else caps.max_execution_seconds,
        "prepaid": prepaid,
    }
    if seen.worth_telling(meter) or any(verdict.worth_telling for verdict in verdicts):
        row = await line.store.database.fetch_one(COMPLETE_AND_REMEMBER, params | seen.params(meter))
    else:
        row = await line.store.database.fetch_one(COMPLETE, params)
    assert row is not None
    return int(row["rows"])
