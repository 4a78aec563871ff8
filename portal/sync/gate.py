"""How a CRM behaves: what a pass has seen of it, and how many calls it took. Breaker and budget live on it.

The breaker opens after some passes in a row that got no answer. While it is open nobody calls; then one worker tries
one record, and its answer closes the breaker or opens it for twice as long. All of it is one row of
portal.connector_gate, read by the claim and written by the completion of a pass: nothing is asked, and nothing written,
besides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from portal import clock
from portal.crm.answers import CallFailed
from portal.crm.port import Ambiguous, Outcome, Reject, Retry
from portal.crm.said import why_failed

FAILURES_TO_OPEN = 5
REFUSALS_TO_OPEN = 3
"""Records that are refused one by one in the same words, while none is taken: then it is nothing about the records."""
OPEN_FIRST_SECONDS = 5.0
OPEN_LONGEST_SECONDS = 300.0


@dataclass(slots=True)
class CallMeter:
    """What one process has called, until it is written down. See `portal.crm.port.Meter`."""

    calls: int = 0
    remaining: int | None = None
    limit: int | None = None
    resets_in: float | None = None

    def spent(
        self, *, calls: int = 1, remaining: int | None = None, limit: int | None = None, resets_in: float | None = None
    ) -> None:
        self.calls += calls
        if remaining is not None:
            self.remaining, self.limit, self.resets_in = remaining, limit, resets_in

    def taken(self) -> "CallMeter":
        """What was counted, to be written down; counting starts over."""
        found = CallMeter(self.calls, self.remaining, self.limit, self.resets_in)
        self.calls, self.remaining, self.limit, self.resets_in = 0, None, None, None
        return found


@dataclass(slots=True)
class Seen:
    """What one pass has seen of a CRM.

    Attributes:
        answered: it answered when it was asked last; None if it was not asked, or that says nothing.
        shut_for: seconds for which it wants to be left alone.
        error: what it said, or did not say, last.
        fresh: one of the pass's records was never tried before: their failures say something about the CRM, and not
            about a record that always gives it trouble.
        troubled: it had not answered lately, or that is not known.
        probing: it is asked whether it is well again, after it had said this; None if it was well.
        took: it has taken a record, or could have.
        refusals: why it refused single records.
    """

    fresh: bool = True
    troubled: bool = True
    probing: str | None = None
    answered: bool | None = None
    shut_for: float | None = None
    error: str | None = None
    took: bool = False
    refusals: list[str] = field(default_factory=list)

    @property
    def refuses_all(self) -> str | None:
        """Why it would refuse any record: what it says of a few alike, or still of whoever tries whether it is well
        again. None if that is not so."""
        alike = not self.took and len(set(self.refusals)) == 1
        enough = len(self.refusals) >= REFUSALS_TO_OPEN or self.probing in self.refusals
        return self.refusals[0] if alike and enough else None

    def outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """What a call said of its records."""
        silent = [o.why for o in outcomes if isinstance(o, Ambiguous) or (isinstance(o, Retry) and o.after is None)]
        breaks = [o for o in outcomes if isinstance(o, Retry) and o.after is not None]
        if len(silent) == len(outcomes):
            self.failed(silent[0])
            return
        self.answered = True
        if len(breaks) == len(outcomes):
            self.shut_for = max(o.after or 0.0 for o in breaks)
            self.error = breaks[0].why

    def pushed(self, outcomes: Sequence[Outcome]) -> None:
        """What a push said of its records."""
        self.outcomes(outcomes)
        refused = [o.why for o in outcomes if isinstance(o, Reject) and o.whole]
        self.took = self.took or len(refused) < len(outcomes)
        self.refusals += refused if len(outcomes) == 1 else []

    def raised(self, error: Exception) -> str:
        """A call that was to read, or to erase, has failed; gives the words for it, the CRM's own if it had any. That
        it cannot be read is nothing that a record is to blame for."""
        outcome = error.outcome if isinstance(error, CallFailed) else Ambiguous(why_failed(error))
        self.outcomes([Retry(outcome.why) if isinstance(outcome, Reject) else outcome])
        return outcome.why

    def failed(self, why: str) -> None:
        """A call got no answer: that counts for more than that an earlier one did."""
        self.error = why
        self.answered = False if self.fresh or self.probing is not None else None

    def worth_telling(self, meter: CallMeter) -> bool:
        """Whether the row of the gate has to change. Not for a CRM that is well and counts no calls."""
        return self.troubled or self.answered is False or meter.calls > 0 or bool(self.error or self.shut_for)

    def params(self, meter: CallMeter) -> dict[str, Any]:
        """As `complete.sql` takes it."""
        used_up = meter.remaining is not None and meter.remaining <= 0
        shut_for = self.shut_for or ((meter.resets_in or UNTOLD_SECONDS) if used_up else None)
        return {
            "answered": self.answered,
            "error": self.error,
            "shut_for": shut_for,
            "calls": meter.calls,
            "remaining": meter.remaining,
            "limit": meter.limit,
            "resets_in": meter.resets_in,
            "chance": int.from_bytes(clock.token_bytes(4)) / 2**32,
            "failures_to_open": 1 if self.refuses_all else FAILURES_TO_OPEN,
            "open_first": OPEN_FIRST_SECONDS,
            "open_longest": OPEN_LONGEST_SECONDS,
        }


UNTOLD_SECONDS = 60.0
"""How long a CRM is left alone that has no calls left and does not say until when."""
