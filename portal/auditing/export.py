"""The log to take along: CSV with a row for each difference, JSON with an object for each change. Both are streamed."""

import csv
import io
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from portal.audit.entry import Diff, Erased
from portal.audit.values import format_moment
from portal.auditing.queries import LoggedChange
from portal.formats import harmless_cell

COLUMNS = (
    "at", "customer", "seq", "action", "actor_kind", "actor", "via", "path", "old", "new", "leaf",
    "delivered", "waiting",
)  # fmt: skip


async def as_csv(changes: AsyncIterator[LoggedChange]) -> AsyncIterator[str]:
    """Lines of RFC 4180, with values as JSON."""
    yield _line(COLUMNS)
    async for change in changes:
        entry = change.entry
        diffs = entry.diffs if entry else (Diff("", None, None),)
        actor = ("unreadable", "", "", "")
        if entry:
            actor = (entry.action, entry.actor.kind.value, entry.actor.id, entry.actor.via)
        where = _compact(_delivered(change)), _compact(_waiting(change))
        for diff in diffs:
            values = diff.path, _json(diff.old), _json(diff.new)
            yield _line(
                (format_moment(change.at), change.number, change.seq, *actor, *values, change.leaf.hex(), *where)
            )


async def as_json(changes: AsyncIterator[LoggedChange]) -> AsyncIterator[str]:
    """One JSON array, written object by object."""
    separator = "[\n"
    async for change in changes:
        yield separator + json.dumps(_object(change), ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n" if separator == ",\n" else "[]\n"


def _object(change: LoggedChange) -> dict[str, Any]:
    told: dict[str, Any] = {"customer": change.number, "seq": change.seq, "at": format_moment(change.at)}
    entry = change.entry
    if entry is not None:
        told |= {
            "action": entry.action,
            "actor": {"kind": entry.actor.kind.value, "id": entry.actor.id, "via": entry.actor.via},
            "chain": str(entry.chain),
            "diffs": [{"path": d.path, "old": _plain(d.old), "new": _plain(d.new)} for d in entry.diffs],
            "evidence": dict(entry.evidence.facts) | {n: _plain(v) for n, v in entry.evidence.personal.items()},
        }
    where = {"delivered": _delivered(change), "waiting": _waiting(change)}
    return told | {"readable": entry is not None, "leaf": change.leaf.hex()} | where


def _delivered(change: LoggedChange) -> dict[str, str]:
    """When each CRM had it, by connector."""
    return {stop.connector: format_moment(stop.at) for stop in change.stops if stop.at}


def _waiting(change: LoggedChange) -> dict[str, dict[str, str]]:
    """Since when each other CRM waits for it and why (portal/sync/waiting.py), with its own words, by connector."""
    return {
        stop.connector: {
            "since": format_moment(stop.since) if stop.since else "",
            "why": stop.why,
            **({"says": stop.says} if stop.says else {}),
        }
        for stop in change.stops
        if stop.why
    }


def _line(cells: tuple[object, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([harmless_cell(cell) for cell in cells])
    return out.getvalue()


def _compact(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""


def _plain(value: object) -> object:
    return "(erased)" if isinstance(value, Erased) else value


def _json(value: object) -> str:
    plain = _plain(value)
    if plain is None:
        return ""
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
