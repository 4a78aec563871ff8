"""Calling a CRM for a long time without taking it from those who deliver: what it allows, when it wants a break, and
whether it answers are those of the sync's gate, for all machines together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from portal import clock
from portal.backoff import backoff
from portal.crm.answers import CallFailed
from portal.crm.port import Ambiguous, Outcome, Reject, Retry
from portal.crm.said import in_words, why_failed
from portal.errors import Unavailable
from portal.sync.gate import Seen
from portal.sync.lease import complete
from portal.sync.line import Line

T = TypeVar("T")

ATTEMPTS = 5
"""How often a call is made that gets no answer."""
PATIENCE = 300.0
"""Seconds that one waits for a break that the CRM wants; for a longer one, the command ends and is run again."""

# A quarter of what the CRM allows is left to those who deliver.
ADMISSION = """
    SELECT o.paused_at IS NOT NULL AS paused, g.open_until > now AS silent, g.last_error,
        greatest(
            extract(epoch FROM g.shut_until - now)::float8,
            CASE WHEN g.rate_calls IS NOT NULL THEN
                (least(g.rate_calls, g.remaining_of) / 4.0 - g.tokens) * g.rate_seconds / g.rate_calls
                    - extract(epoch FROM now - g.filled_at)::float8
            END, 0) AS wait
    FROM portal.connector o JOIN portal.connector_gate g ON g.connector = o.name,
        LATERAL (SELECT clock_timestamp() + %(ahead)s AS now) present
    WHERE o.name = %(connector)s"""

GO_ON = "Nothing is lost: run the same command again, and it goes on where it was."


async def ask(line: Line, call: Callable[[], Awaitable[T]], *, waiting: Callable[[float], None]) -> T:
    """What a call gives, as soon as the CRM may be called, and again while it gets no answer.

    Args:
        waiting: told for how many seconds it waits.

    Raises:
        Unavailable: the CRM does not answer, wants a long break, refuses, or is paused.
    """
    attempt = 0
    while True:
        await _admitted(line, waiting)
        try:
            return await _called(line, call)
        except CallFailed as failure:
            why, attempt = failure.outcome, attempt + 1
        if isinstance(why, Reject):
            raise Unavailable(f"{line.connector.label} refuses: {in_words(why.why)}.")
        if attempt == ATTEMPTS:
            raise Unavailable(f"{line.connector.label} does not answer: {in_words(why.why)}.", hint=GO_ON)
        if isinstance(why, Ambiguous) or why.after is None:
            await asyncio.sleep(backoff(attempt))


async def _called(line: Line, call: Callable[[], Awaitable[T]]) -> T:
    """What it gives; and what that says of the CRM is written down."""
    seen = Seen()
    try:
        async with asyncio.timeout(line.deadline):
            found = await call()
        seen.answered = True
        return found
    except CallFailed as failure:
        seen.outcomes([failure.outcome])
        raise
    except OSError as error:  # TimeoutError is one
        why = why_failed(error)
        seen.failed(why)
        raise CallFailed(Retry(why)) from None
    finally:
        await complete(line, clock.uuid7(), [], seen)


async def _admitted(line: Line, waiting: Callable[[float], None]) -> None:
    while True:
        row = await line.store.database.fetch_one(ADMISSION, {"connector": line.name, "ahead": line.ahead}, retry=True)
        if row is None:
            return  # nobody has ever worked with this CRM
        if row["paused"]:
            raise Unavailable(f"{line.name} is paused.", hint=f"First: portal sync resume {line.name}")
        if row["silent"]:
            raise Unavailable(f"{line.connector.label} does not answer: {in_words(row['last_error'])}.", hint=GO_ON)
        if row["wait"] <= 0:
            return
        if row["wait"] > PATIENCE:
            minutes = round(row["wait"] / 60)
            raise Unavailable(f"{line.connector.label} wants to be left alone for {minutes} minutes.", hint=GO_ON)
        waiting(row["wait"])
        await asyncio.sleep(min(row["wait"], 5.0) + 0.05)


def failed(outcomes: Sequence[Outcome]) -> Retry | Ambiguous | None:
    """The first of some outcomes that trying again may mend."""
    return next((one for one in outcomes if isinstance(one, Retry | Ambiguous)), None)
