"""When all of the log was verified last, and what came of it: the command line and the auditors' page write it down."""

from typing import Any

from psycopg.types.json import Jsonb

from portal import clock
from portal.auditing.counts import SIZE
from portal.db.database import Database
from portal.i18n import gettext as _
from portal.record.verify import Report

ACTION = "log:verified"

NOTE = "INSERT INTO portal.security_event (id, action, facts) VALUES (%s, %s, %s)"

LAST = f"""
SELECT size.*, v.at, v.facts FROM ({SIZE}) size LEFT JOIN LATERAL (
    SELECT at, facts FROM portal.security_event WHERE action = '{ACTION}' ORDER BY at DESC LIMIT 1
) v ON true
"""  # noqa: S608 - nothing from outside


async def note_verified(database: Database, report: Report, seconds: float) -> None:
    """Write down that all of the log was verified. Where it does not hold, and whose it is, is not in it."""
    facts = {
        "integrity": "holds" if report.holds else "broken",
        "entries": str(report.entries), "chains": str(report.chains), "erased": str(len(report.erased)),
        "seconds": f"{seconds:.1f}",
    }  # fmt: skip
    await database.fetch_all(NOTE, [clock.uuid7(), ACTION, Jsonb(facts)])


async def last_verified(database: Database) -> dict[str, Any]:
    """How much there is in the log, and what its last verification said, as `auditing/_integrity.html` takes it."""
    row = await database.fetch_one(LAST)
    assert row is not None
    facts = row["facts"] or {}
    state = facts.get("integrity", "unknown")
    problem = _("Something did not hold: verify it again to see where.") if state == "broken" else None
    return {
        "state": state, "at": row["at"], "took": float(facts.get("seconds", 0)), "problem": problem,
        "entries": row["entries"], "chains": row["chains"], "erased": int(facts.get("erased", 0)),
    }  # fmt: skip
