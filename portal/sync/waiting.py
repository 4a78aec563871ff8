"""Why a CRM does not have a change yet: from what is known of the CRM and the record to one reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.crm.said import Own
from portal.record.delivery import Delivery
from portal.sync.state import SyncStatus, Wanted


class Waiting(StrEnum):
    """What keeps a change from a CRM. Where several things do, the first of these is told: it outlasts the others."""

    FORGOTTEN = "forgotten"  # by an erasure; nothing leads out
    UNPLUGGED = "unplugged"  # workers live, and none knows this CRM; its settings lead out
    REFUSED = "refused"  # parked by the CRM or a person; a new change, an edit there or a person leads out
    LOST = "lost"  # by a contact that was deleted, or merged into another's; the same, or the contact's return
    LEFT_OUT = "left_out"  # by a person who gave a refused version up; the same leads out
    PAUSED = "paused"  # by an operator, who leads out
    IDLE = "idle"  # no worker was seen lately; one that starts leads out
    SILENT = "silent"  # by an open breaker; an answer leads out
    RESTING = "resting"  # the CRM asked for a break, or the budget is spent; time leads out
    UNCERTAIN = "uncertain"  # by an answer that did not come; reading the CRM leads out
    RETRYING = "retrying"  # it could not take this record just now; the next attempt leads out
    DUE = "due"  # by the change itself; the next pass leads out, within a second if all is well


@dataclass(frozen=True, slots=True)
class Stop:
    """Where one change is with one CRM: there, since `at`; waiting, for the reason `why`; or, with both, it was there.

    Attributes:
        since: since when it waits, or is there no more, as far as that is known.
        until: when it goes on, as far as that is known.
        from_: since when the CRM is as `why` says, as far as that is known.
        says: the CRM's own words. Not for customers.
    """

    connector: str
    label: str
    at: datetime | None = None
    why: Waiting | None = None
    since: datetime | None = None
    until: datetime | None = None
    from_: datetime | None = None
    says: str | None = None


def stops(
    deliveries: Iterable[Delivery], seq: int, made: datetime | None, delivered: Mapping[str, datetime], now: datetime
) -> list[Stop]:
    """Where change number `seq`, which was `made` then, is with each CRM; without a moment, where all up to it are.

    A CRM that has the record for another reason than that it was brought there says nothing while it has it.
    """
    found = (_stop(d, seq, made, delivered.get(d.connector), now) for d in deliveries)
    return [stop for stop in found if stop is not None]


def _stop(of: Delivery, seq: int, made: datetime | None, at: datetime | None, now: datetime) -> Stop | None:
    if at is not None or of.synced_seq >= seq:
        return _reached(of, at)
    why = waiting(of, now)
    return Stop(
        of.connector,
        of.label,
        why=why,
        since=max(made, of.added_at) if made else of.since,
        until={Waiting.SILENT: of.tried_at, Waiting.RESTING: of.rests_until}.get(why),
        from_={Waiting.SILENT: of.silent_since, Waiting.PAUSED: of.paused_at}.get(why),
        says=of.says if why in SAYING else None,
    )


def _reached(of: Delivery, at: datetime | None) -> Stop | None:
    why = gone(of)
    if at is None and why is None:
        return None
    since = of.confirmed_at if why is Waiting.FORGOTTEN else None
    return Stop(of.connector, of.label, at, why, since, says=of.says if why in SAYING else None)


SAYING = frozenset({Waiting.REFUSED, Waiting.LOST, Waiting.LEFT_OUT, Waiting.UNCERTAIN, Waiting.RETRYING})
"""Where the CRM's last words are about this record."""

STUCK = frozenset({Waiting.FORGOTTEN, Waiting.UNPLUGGED, Waiting.REFUSED, Waiting.LOST, Waiting.LEFT_OUT})
"""What time alone does not lead out of."""


LOST_BY = (Own.GONE, Own.NOBODYS, Own.ANOTHER_PERSONS)
"""What is said of a record whose contact is not there any more."""


def gone(of: Delivery) -> Waiting | None:
    """Why a CRM has nothing any more of what it had."""
    if of.wanted == Wanted.ERASED:
        return Waiting.FORGOTTEN if of.confirmed_at else None
    if of.due or of.says not in LOST_BY:
        return None
    return {SyncStatus.PARKED: Waiting.LOST, SyncStatus.SKIPPED: Waiting.LEFT_OUT}.get(SyncStatus(of.status))


def waiting(of: Delivery, now: datetime) -> Waiting:
    """Why a CRM that is behind is so."""
    if of.wanted == Wanted.ERASED:
        return Waiting.FORGOTTEN
    if of.alive and not of.served:
        return Waiting.UNPLUGGED
    if not of.due and of.status == SyncStatus.PARKED:
        return Waiting.LOST if of.says in LOST_BY else Waiting.REFUSED
    if not of.due and of.status == SyncStatus.SKIPPED:
        return Waiting.LEFT_OUT
    return _passing(of, now)


def _passing(of: Delivery, now: datetime) -> Waiting:
    if of.paused_at:
        return Waiting.PAUSED
    if not of.alive:
        return Waiting.IDLE
    if of.silent_since:
        return Waiting.SILENT
    if of.rests_until and of.rests_until > now:
        return Waiting.RESTING
    by_status = {SyncStatus.VERIFYING: Waiting.UNCERTAIN, SyncStatus.RETRYING: Waiting.RETRYING}
    return by_status.get(SyncStatus(of.status), Waiting.DUE)
