"""Reading a CRM: after an edit there, after an answer that never came, and before a push that was refused for it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import structlog
from msgspec.structs import replace

from portal import clock
from portal.audit.entry import unseal
from portal.audit.values import State
from portal.backoff import backoff
from portal.crm.answers import CallFailed
from portal.crm.inventory import Existing, Link, Linking
from portal.crm.port import Ambiguous, Applied, Outcome, Ref, Reject, Remote
from portal.crm.said import Own, why_failed
from portal.record.addresses import home_country
from portal.record.change import SINCE
from portal.record.flat import flatten, unflatten
from portal.record.models import Record
from portal.sync.base import Base, seal_base, unseal_base, values_at
from portal.sync.contacts import by_customer
from portal.sync.current import our_values
from portal.sync.events import Event
from portal.sync.gate import Seen
from portal.sync.held import Held, put_off, unchanged
from portal.sync.inbound import Taken, insisted, take
from portal.sync.line import Line
from portal.sync.merge import Merge, Winner, merge, winners
from portal.sync.points import merge_points
from portal.sync.shown import differing
from portal.sync.state import SyncStatus
from portal.sync.theirs import consent_path, in_our_form, their_values

log = structlog.get_logger(__name__)


async def look(line: Line, rows: Sequence[Held], seen: Seen, *, until: float) -> None:
    """Fetch what the CRM says about some customers, and bring into their records what it is right about.

    What is not reached `until` then (on the monotonic clock) stays due, and is not pushed unseen.
    """
    found = await _fetch(line, rows, seen) if rows else None
    for row in rows:
        if found is None:
            _try_again(row)
        elif clock.current.monotonic() > until:
            row.push = False
        else:
            await _see(line, row, found.get(row.claimed.customer_id), seen)


async def _fetch(line: Line, rows: Sequence[Held], seen: Seen) -> Mapping[UUID, Remote] | None:
    refs = [Ref(row.remote_id, row.claimed.customer_id) for row in rows]
    try:
        async with asyncio.timeout(line.deadline):
            found = by_customer(refs, await line.connector.fetch(refs))
    except Exception as error:
        expected = isinstance(error, OSError | CallFailed)  # TimeoutError is an OSError
        log.warning("fetch failed", connector=line.name, rows=len(rows), why=seen.raised(error), exc_info=not expected)
        return None
    seen.answered = True
    return found


async def _see(line: Line, row: Held, remote: Remote | None, seen: Seen) -> None:
    row.found(looked=True, pull_seen=row.claimed.pull_due_at)
    if remote is None:
        _missing(row)
        return
    if remote.customer_id not in (row.claimed.customer_id, None):
        row.park(Own.ANOTHER_PERSONS)
        return
    if row.claimed.remote_id not in (remote.remote_id, None):
        row.found(event=Event.RELINKED, facts={"from": row.claimed.remote_id or "", "to": remote.remote_id})
    if remote.customer_id is None:
        await _link(line, row, remote, seen)
        return
    try:
        await _compare(line, row, remote)
    except Exception:
        log.exception("merge failed", connector=line.name)
        _try_again(row)


async def _link(line: Line, row: Held, remote: Remote, seen: Seen) -> None:
    """Nobody's contact becomes theirs, because an operator or a merge in the CRM has said so; then it is read anew."""
    if not isinstance(line.connector, Linking):
        row.park(Own.NOBODYS)
        return
    outcome = await _linked(line, Link(Existing(remote, None, ""), row.claimed.customer_id))
    seen.outcomes([outcome])
    match outcome:
        case Applied():
            row.pull_again()
            row.found(remote_id=remote.remote_id)
        case Reject(why):
            row.park(why)
        case _:
            _try_again(row)


async def _linked(line: Line, link: Link) -> Outcome:
    assert isinstance(line.connector, Linking)
    try:
        async with asyncio.timeout(line.deadline):
            return (await line.connector.link([link]))[0]
    except CallFailed as failure:
        return failure.outcome
    except Exception as error:
        log.warning("link failed", connector=line.name, exc_info=not isinstance(error, OSError))
        return Ambiguous(why_failed(error))


def _try_again(row: Held) -> None:
    """The CRM could not be read: whatever was due is due again, later, and nothing is pushed blindly."""
    row.push = False
    if row.claimed.left_alone:
        row.verdict = replace(unchanged(row.claimed), verify_after=backoff(0))
        return
    verifying = row.claimed.status is SyncStatus.VERIFYING
    row.verdict = put_off(row.claimed, SyncStatus.VERIFYING if verifying else SyncStatus.RETRYING, Own.NOT_READ)


def _missing(row: Held) -> None:
    """A contact that was never there is made by a push. One that was there and is gone was removed by somebody."""
    if row.claimed.remote_id is None:
        row.push = not row.claimed.left_alone
    else:
        row.park(Own.GONE)


async def _compare(line: Line, row: Held, remote: Remote) -> None:
    record = row.current.record
    if remote.seq > record.seq:
        row.park(Own.NEWER_THERE.of(theirs=remote.seq, ours=record.seq))
        return
    base = await _base(line, row, remote)
    ours, winner = our_values(line, record), _winner(line, record)
    theirs = in_our_form(their_values(line, remote, base), ours, base or {}, winner)
    consents = [*remote.consents, *remote.flags]
    paths = [*(f"profile/{key}" for key in line.names), *(consent_path(*key) for key in consents)]
    points = merge_points(line.points, record, base, remote.points, home_country(line.store.catalogue, record))
    found = merge(base, ours, theirs, paths, winner) | points.merge
    found = found.without(await insisted(line, row.current, found.lost)) if found.lost else found
    taken = await take(line, row.current, remote, found)
    if taken.again:
        row.pull_again()
        return
    agreed = _agreed(base, theirs, taken) | points.base(base or {}, taken.problems)
    _settle(line, row, remote, found, taken, agreed)


def _winner(line: Line, record: Record) -> Callable[[str], Winner]:
    """Who wins at a path. A consent that was not said through this CRM is not loosened through it either."""
    by_catalogue = winners(line.store.catalogue)
    said_elsewhere = {
        f"consents/{consent.purpose}/{consent.channel}/status"
        for consent in record.consents
        if consent.said is None or consent.said.via != line.via
    }
    return lambda path: Winner.STRICTER if path in said_elsewhere else by_catalogue(path)


async def _base(line: Line, row: Held, remote: Remote) -> State | None:
    """What both sides last agreed on.

    If the CRM has another version than the last answer told of, then a push of that version did land without our being
    told (the answer was lost, or whoever waited for it; or it came late), and it said all that the record said then.
    """
    customer, key, record = row.claimed.customer_id, row.current.key, row.current.record
    known = unseal_base(row.claimed.base, key, line.name, customer)
    if known is not None and remote.seq == known.seq:
        return known.values
    if remote.seq == 0:
        return None
    rows = await line.store.database.fetch_all(SINCE, [customer, remote.seq], retry=True)
    since = [entry for entry in (unseal(bytes(row["entry"]), key) for row in rows) if entry.seq <= record.seq]
    return our_values(line, unflatten(values_at(flatten(record), since), id=customer, seq=remote.seq))


def _agreed(base: State | None, theirs: State, taken: Taken) -> State:
    """The new base is what the CRM has, but where it has what no record can hold: that stays a difference."""
    old = {path: value for path, value in (base or {}).items() if path in taken.problems}
    return {path: value for path, value in theirs.items() if path not in taken.problems} | old


def _settle(line: Line, row: Held, remote: Remote, found: Merge, taken: Taken, agreed: State) -> None:
    current, customer = row.current, row.claimed.customer_id
    base = seal_base(Base(remote.seq, agreed), current.key, line.name, customer)
    row.found(base=base, remote_id=remote.remote_id, announce=taken.changed)
    if taken.problems:
        # The old etag stays: nothing is written over what is not settled.
        problems = "; ".join(f"{path}: {why}" for path, why in sorted(taken.problems.items()))
        row.park(Own.UNACCEPTABLE.of(problems=problems))
        return
    row.remote_id, row.etag = remote.remote_id, remote.etag
    row.found(etag=remote.etag)
    timeline_seq = row.claimed.timeline_seq if remote.timeline_seq is None else remote.timeline_seq
    if taken.changed:
        # The change made a push due: with the next pass, which reads the record as it is now.
        row.push = False
        row.found(status=SyncStatus.WAITING, attempts=0, error=None)
    elif row.claimed.left_alone and remote.seq < current.record.seq:
        row.push = False
    elif timeline_seq < row.claimed.timeline_seq:
        # Some of it is gone there. The next pass reads the entries from where the timeline ends.
        row.push = False
        row.found(status=SyncStatus.WAITING, timeline_seq=timeline_seq, push_after=0.0)
    elif _has_something_to_say(line, row, remote, found) or timeline_seq < current.record.seq:
        row.push = True
    else:
        row.push = False
        row.found(
            status=SyncStatus.SYNCED,
            attempts=0,
            error=None,
            tried=remote.seq,
            synced_seq=remote.seq,
            timeline_seq=timeline_seq,
        )


def _has_something_to_say(line: Line, row: Held, remote: Remote, found: Merge) -> bool:
    record, claimed = row.current.record, row.claimed
    behind = remote.seq < record.seq or claimed.unconfirmed
    return bool(found.give) or behind or any(differing(line, record, claimed.wanted, remote))
