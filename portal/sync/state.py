"""A row of sync_state as it is claimed, and what a pass finds out about it.

    due: pushed, edited there, to be looked at
        |
        v              +--- applied, or both sides say the same ------> SYNCED
    claimed            +--- edited there, tied, or merged in ---------> WAITING
        |              +--- "later" ----------------------------------> RETRYING
    look, push  -------+--- no answer; lease expired or lost ---------> VERIFYING: read before anything is written
    or erase           +--- refused, gone, somebody else's -----------> PARKED ---- given up by a person ---> SKIPPED
                       +--- erased -----------------------------------> ERASED

What is due leads out of every status, by the same way. PARKED and SKIPPED are read first, too. Out of VERIFYING, by
whatever way, verify_at is set to when the call whose answer never came can no longer land, unless the CRM refuses what
is older; so it is for ERASED, out of whatever status. Then it is looked once more, or erased once more. Who is PARKED
with no attempts was parked by hand; they and SKIPPED only become SYNCED by that look, if the call has landed.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from portal.sync.events import Event


class SyncStatus(StrEnum):
    """How one customer stands with one CRM."""

    WAITING = "waiting"  # from the start, or by what an agent edited there; a push leads to any other
    SYNCED = "synced"  # from any by an applied push; a newer change record is on its way if desired_seq is ahead
    RETRYING = "retrying"  # by Retry; the next attempt leads out, at its own time
    VERIFYING = "verifying"  # by Ambiguous, or a lease that ended; reading back leads to SYNCED, or to another push
    PARKED = "parked"  # by Reject, what cannot be merged; a new change, an edit in the CRM or a person leads out
    SKIPPED = "skipped"  # from PARKED, by a person who gives this version up; the same leads out
    ERASED = "erased"  # from any, when an erasure was confirmed; nothing leads out but erasing again


class Wanted(StrEnum):
    """What a CRM is to have of a customer."""

    RECORD = "record"  # from the start, or when a restriction is lifted
    RESTRICTED = "restricted"  # the record, with a sign that processing is restricted
    ERASED = "erased"  # nothing; from any, and for ever


class Claimed(msgspec.Struct, frozen=True):
    """A row that this pass holds by its lease.

    Attributes:
        unconfirmed: the CRM does not have what is wanted yet.
        troubled: it has not answered lately.
        probing: it is asked whether it is well again, after the error that this says.
        due_at: when the first of what was due was due.
    """

    customer_id: UUID
    desired_seq: int
    synced_seq: int
    timeline_seq: int
    base: bytes | None
    remote_id: str | None
    etag: str | None
    push_due: bool
    verify_due: bool
    pull_due_at: datetime | None
    attempts: int
    status: SyncStatus
    wanted: Wanted = Wanted.RECORD
    unconfirmed: bool = False
    troubled: bool = False
    probing: str | None = None
    due_at: datetime | None = None

    @property
    def must_look(self) -> bool:
        """Whether the CRM is read before anything is written: it was edited, or nobody knows what it says."""
        unsettled = self.status in (SyncStatus.VERIFYING, SyncStatus.PARKED, SyncStatus.SKIPPED)
        return self.pull_due_at is not None or self.verify_due or unsettled

    @property
    def left_alone(self) -> bool:
        """Whether a person keeps this version from the CRM: it is read, to find out about a call that may have landed
        late, but nothing is written to it."""
        by_hand = self.status is SyncStatus.SKIPPED or (self.status is SyncStatus.PARKED and not self.attempts)
        return by_hand and not self.push_due and self.pull_due_at is None


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to be written down about a row when its lease is given back. As JSON it is what `complete.sql` takes.

    Attributes:
        tried: the version that this pass brought to an end, well or not; only a newer one makes a push due by itself.
            None leaves the push as due as it was.
        looked: the CRM was read: a pull or a look that was due when the row was claimed is done.
        pull_seen: when the pull was due that was done; one that became due meanwhile stays.
        push_after, pull_after, verify_after: seconds until the next one; None is none by itself.
        synced_seq, timeline_seq: what the CRM has now; None is unchanged.
        base, remote_id, etag: what is known of the CRM's side now; None is unchanged.
        announce: pages that show this customer have something new to show.
        wanted, did: what the CRM was to have of the customer when the row was claimed, and whether it has it now;
            `unconfirmed` if it had not before.
        event, facts: what operators are to find in the journal, without a personal value.
    """

    customer_id: UUID
    status: SyncStatus
    attempts: int = 0
    error: str | None = None
    tried: int | None = None
    looked: bool = False
    pull_seen: datetime | None = None
    push_after: float | None = None
    pull_after: float | None = None
    verify_after: float | None = None
    synced_seq: int | None = None
    timeline_seq: int | None = None
    base: bytes | None = None
    remote_id: str | None = None
    etag: str | None = None
    announce: bool = False
    wanted: Wanted = Wanted.RECORD
    did: bool = False
    unconfirmed: bool = False
    event: Event | None = None
    facts: Mapping[str, str | int | list[str]] | None = None

    @property
    def worth_telling(self) -> bool:
        """Whether the journal may have to have it."""
        return self.event is not None or self.status is SyncStatus.PARKED or self.unconfirmed
