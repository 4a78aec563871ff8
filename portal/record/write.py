"""The one statement that writes, and what is known when its answer does not come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from uuid import UUID

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from portal.audit.entry import Entry, fold, leaf_hash, seal
from portal.audit.total import item_of
from portal.audit.values import State, format_moment
from portal.db.database import AGAIN_IS_NO_USE, Row
from portal.errors import Uncertain
from portal.i18n import gettext as _
from portal.record.flat import flatten, unflatten
from portal.record.job import Jobs, deferred
from portal.record.models import Provenance, Record
from portal.record.read import StoredRecord
from portal.record.rows import rows
from portal.record.store import RecordStore

VALUES = """%(customer)s, %(seq)s, %(prev)s, %(entry)s, %(leaf)s, %(at)s, %(action)s, %(actor_kind)s, %(actor_id)s,
    %(via)s, %(request)s, %(paths)s, %(said)s, %(state)s, %(create)s"""
WRITE = f"SELECT * FROM portal.record_write_v1({VALUES})"  # noqa: S608 - nothing but placeholders
WRITE_AND_DEFER = f"SELECT * FROM portal.record_write_and_defer_v1({VALUES}, %(jobs)s)"  # noqa: S608


WRITE_MANY = "SELECT * FROM portal.record_write_many_v1(%(writes)s, %(later)s, %(seconds)s)"

Beginning: TypeAlias = Mapping[str, str]
"""What a new record begins with: its number, the name of its chain, its wrapped key."""


async def write(
    store: RecordStore, stored: StoredRecord, entry: Entry, *, jobs: Jobs | None = None, create: Beginning | None = None
) -> tuple[str, int, StoredRecord]:
    """Try to write an entry on top of `stored`: what came of it, the version, and the record as it is then.

    Jobs are put off only if it is written, in the same statement.
    """
    sealed = sealed_write(stored, entry, create)
    params = {**sealed.row, "jobs": _jobs(jobs, stored, sealed.after.record)}
    params |= {name: _jsonb(params[name]) for name in ("said", "state", "create") if params[name] is not None}
    # A repeated request is recognised, a repeated creation would look like a taken number.
    row = await _send(store, params, retry=create is None)
    return row["outcome"], row["seq"], sealed.after


@dataclass(frozen=True, slots=True)
class SealedWrite:
    """An entry as the write takes it, and the record as it is once it is written."""

    row: Mapping[str, Any]
    after: StoredRecord


async def write_many(
    store: RecordStore, writes: Sequence[SealedWrite], *, later: str | None, seconds: float
) -> Mapping[UUID, str]:
    """Try to write entries of many records in one statement, all or none: the outcome by customer.

    Args:
        later: a connector for which those that begin here are due only in so many seconds.

    Raises:
        UniqueViolation, DeadlockDetected: nothing was written.
    """
    encoded = [
        {**one.row, **{name: one.row[name].hex() for name in ("prev", "leaf")}, "entry": one.row["entry"].decode()}
        for one in writes
    ]
    params = {"writes": _jsonb(encoded), "later": later, "seconds": seconds}
    found = await store.database.fetch_all(WRITE_MANY, params)
    return {row["customer"]: row["outcome"] for row in found}


def _jsonb(value: Any) -> Jsonb:
    return Jsonb(value, dumps=msgspec.json.encode)


def sealed_write(stored: StoredRecord, entry: Entry, create: Beginning | None = None) -> SealedWrite:
    """Seal an entry on top of `stored`."""
    data = seal(entry, stored.key)
    leaf = leaf_hash(data)
    said = Provenance(entry.seq, entry.at, entry.actor.kind.value, entry.actor.via)
    record = _after(stored.record, entry, said)
    said_json = {"seq": said.seq, "at": format_moment(said.at), "kind": said.actor_kind, "via": said.via}
    row = {
        "customer": record.id,
        "seq": entry.seq,
        "prev": entry.prev,
        "entry": data,
        "leaf": leaf,
        "at": entry.at,
        "action": entry.action,
        "actor_kind": entry.actor.kind.value,
        "actor_id": entry.actor.id,
        "via": entry.actor.via,
        "request": entry.request,
        "paths": entry.paths,
        "said": said_json,
        "state": rows(record, entry.paths, said_json),
        "create": create,
    }
    after = replace(
        stored,
        record=record,
        head=leaf,
        deliveries=tuple(
            replace(d, desired_seq=entry.seq, due=True, since=d.since or entry.at) for d in stored.deliveries
        ),
        entries=(data, *stored.entries)[:3],
    )
    return SealedWrite(row, after)


def _jobs(jobs: Jobs | None, stored: StoredRecord, after: Record) -> Jsonb | None:
    if jobs is None:
        return None
    found = deferred(jobs(stored.record if stored.record.seq else after), after.id, stored.key)
    return Jsonb(found) if found else None


async def _send(store: RecordStore, params: Mapping[str, Any], *, retry: bool) -> Row:
    try:
        statement = WRITE_AND_DEFER if params["jobs"] else WRITE
        row = await store.database.fetch_one(statement, params, retry=retry)
    except AGAIN_IS_NO_USE as error:
        if error.__cause__ is None:
            raise  # it never reached the server, or the server undid it
        raise _uncertain() from error
    except psycopg.OperationalError as error:
        raise _uncertain() from error
    assert row is not None
    return row


def _uncertain() -> Uncertain:
    return Uncertain(
        _("The connection to the database was lost, so we cannot tell whether this was saved."),
        hint=_("Save it again: the same change is never made twice."),
    )


def _after(record: Record, entry: Entry, said: Provenance) -> Record:
    """The record with an entry's changes; the parts that it does not touch are the same objects."""
    touched = {path.partition("/")[0] for path in entry.paths} | {"profile"}
    parts = {name: getattr(record, name) for name in touched if name != "customer"}
    before = Record(id=record.id, number=record.number, seq=record.seq, said=record.said, **parts)
    state: State = fold(entry.diffs, flatten(before))
    all_said = before.provenance() | {item_of(path): said for path in entry.paths}
    after = unflatten(state, id=record.id, seq=entry.seq, said=all_said)
    parts = {name: getattr(after, name) for name in parts}
    return replace(record, seq=after.seq, number=after.number, said=after.said, **parts)
