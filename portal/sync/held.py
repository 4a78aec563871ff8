"""A row in the hands of one pass."""

from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from portal.backoff import backoff
from portal.sync.current import Current
from portal.sync.state import Claimed, SyncStatus, Verdict


@dataclass(slots=True)
class Held:
    """A claimed row with its record, and what the pass knows about it so far.

    Attributes:
        push: whether this pass is to write to the CRM.
        remote_id, etag: the newest that is known of the CRM's side.
        verdict: what will be written down; until something is found out, that nothing has changed.
    """

    claimed: Claimed
    current: Current
    push: bool
    remote_id: str | None
    etag: str | None
    verdict: Verdict = field(init=False)

    def __post_init__(self) -> None:
        self.verdict = unchanged(self.claimed)

    @property
    def attempts(self) -> int:
        """How many attempts have failed, this one included."""
        return self.claimed.attempts + 1

    def found(self, **findings: Any) -> None:
        """Add to the verdict."""
        self.verdict = replace(self.verdict, **findings)

    def park(self, why: str) -> None:
        """Give up until somebody changes something; `why` is shown to people."""
        self.push = False
        tried = self.current.record.seq
        self.found(status=SyncStatus.PARKED, attempts=self.attempts, error=why, tried=tried, push_after=None)

    def pull_again(self, why: str | None = None) -> None:
        """Read the CRM anew before anything else: at once the first time, then at longer and longer intervals."""
        self.push = False
        after = backoff(self.claimed.attempts) if self.claimed.attempts else 0.0
        push_after = after if self.claimed.push_due else None
        self.found(
            status=SyncStatus.WAITING, attempts=self.attempts, error=why, pull_after=after, push_after=push_after
        )


def put_off(claimed: Claimed, status: SyncStatus, why: str) -> Verdict:
    """The verdict after a call that has to be made again: whatever was due is due again, later."""
    wait = backoff(claimed.attempts)
    return replace(
        unchanged(claimed),
        status=status,
        attempts=claimed.attempts + 1,
        error=why,
        push_after=wait if claimed.push_due else None,
        pull_after=wait if claimed.pull_due_at else None,
        verify_after=wait if claimed.verify_due or status is SyncStatus.VERIFYING else None,
    )


def unchanged(claimed: Claimed) -> Verdict:
    """The verdict that leaves a row as it is."""
    return Verdict(
        claimed.customer_id, claimed.status, claimed.attempts, wanted=claimed.wanted, unconfirmed=claimed.unconfirmed
    )
